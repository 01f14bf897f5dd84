import express from 'express';
import * as notes from './notes.js';
import { page } from './page.js';

const app = express();
const port = Number(process.env.PORT || 3000);

app.disable('x-powered-by');
app.use((request, response, next) => {
  response.on('finish', () => console.log(`${request.method} ${request.originalUrl} ${response.statusCode}`));
  next();
});

app.get('/', async (request, response) => response.send(page(await notes.latest())));

app.post('/', express.urlencoded(), async (request, response) => {
  const text = String(request.body?.text ?? '').trim().slice(0, 200);
  if (text) await notes.add(text);
  response.redirect(303, '/');
});

app.get('/health', async (request, response) => {
  try {
    await notes.ping();
    response.json({ status: 'ok' });
  } catch (error) {
    response.status(503).json({ status: 'the database does not answer', error: error.message });
  }
});

await notes.prepare();
const server = app.listen(port, '0.0.0.0', () => console.log(`listening on port ${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log('stopping');
    server.close(() => notes.close());
    server.closeIdleConnections();
  });
}
