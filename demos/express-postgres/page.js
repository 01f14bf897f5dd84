const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text) => text.replace(/[&<>"']/g, (letter) => escapes[letter]);

const item = ({ text, written }) =>
  `<li>${escape(text)} <time>${written.toISOString().slice(0, 16).replace('T', ' ')}</time></li>`;

export const page = (notes) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Guest book</title>
<style>
  body { max-width: 36rem; margin: 4rem auto; padding: 0 1rem; font: 1.1rem/1.6 system-ui; color: #234; }
  input, button { font: inherit; padding: .4rem .8rem; }
  li { list-style: none; border-bottom: 1px solid #dde; padding: .5rem 0; }
  ul { padding: 0; }
  time { float: right; color: #89a; font-size: .85rem; }
</style>
<h1>Guest book</h1>
<form method="post" action="/"><input name="text" maxlength="200" required autofocus> <button>Sign</button></form>
<ul>${notes.length ? notes.map(item).join('') : '<li>Nobody has been here yet.</li>'}</ul>
</html>
`;
