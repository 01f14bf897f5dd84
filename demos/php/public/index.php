<?php

declare(strict_types=1);

const PLACES = ['Honolulu' => 'Pacific/Honolulu', 'Lima' => 'America/Lima', 'Lisbon' => 'Europe/Lisbon',
    'Nairobi' => 'Africa/Nairobi', 'Kyoto' => 'Asia/Tokyo', 'Auckland' => 'Pacific/Auckland'];

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$known = in_array($path, ['/', '/health'], true);
http_response_code($known ? 200 : 404);
error_log("{$_SERVER['REQUEST_METHOD']} {$path} " . http_response_code());

if ($path !== '/') {
    header('Content-Type: application/json');
    echo json_encode(['status' => $known ? 'ok' : 'not found']), "\n";
    return;
}
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What time is it?</title>
<style>
  body { max-width: 24rem; margin: 4rem auto; padding: 0 1rem; font: 1.2rem/1.8 system-ui; color: #335; }
  dl { display: grid; grid-template-columns: 1fr auto; }
  dd { margin: 0; font-variant-numeric: tabular-nums; color: #4f5b93; }
</style>
<h1>What time is it?</h1>
<dl>
<?php foreach (PLACES as $name => $zone): ?>
  <dt><?= htmlspecialchars($name) ?></dt><dd><?= (new DateTime('now', new DateTimeZone($zone)))->format('H:i') ?></dd>
<?php endforeach ?>
</dl>
<p>PHP <?= PHP_VERSION ?></p>
</html>
