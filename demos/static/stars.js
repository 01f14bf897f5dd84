const sky = document.querySelector('.sky');

for (let count = 0; count < 80; count++) {
  const star = sky.appendChild(document.createElement('i'));
  star.style.left = `${Math.random() * 100}vw`;
  star.style.top = `${Math.random() * 60}vh`;
  star.style.animationDelay = `${-Math.random() * 4}s`;
}
