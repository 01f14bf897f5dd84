package com.example.demo;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;

/** What the virtual machine thinks of itself. */
public final class Main {
    private static final String PAGE = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Hello from Java</title>
            <style>
              body { max-width: 30rem; margin: 4rem auto; padding: 0 1rem; font: 1.1rem/1.8 system-ui; color: #333; }
              dt { color: #b07219; } dd { margin: 0 0 .6rem; }
            </style>
            <h1>Hello from Java</h1>
            <dl>
              <dt>Runs on</dt><dd>%s %s</dd>
              <dt>Has been up for</dt><dd>%d s</dd>
              <dt>Uses</dt><dd>%d of %d MB</dd>
            </dl>
            </html>
            """;

    private Main() {}

    public static void main(String[] args) throws IOException {
        var port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        var server = HttpServer.create(new InetSocketAddress("0.0.0.0", port), 0);
        server.createContext("/", Main::index).getFilters().add(log());
        server.createContext("/health", Main::health).getFilters().add(log());
        server.setExecutor(Executors.newFixedThreadPool(8));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            System.out.println("stopping");
            server.stop(0);
        }));
        server.start();
        System.out.println("listening on port " + port);
    }

    private static void index(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestURI().getPath().equals("/")) {
            send(exchange, 404, "text/plain", "not here\n");
            return;
        }
        var machine = ManagementFactory.getRuntimeMXBean();
        var memory = Runtime.getRuntime();
        var used = memory.totalMemory() - memory.freeMemory();
        send(exchange, 200, "text/html; charset=utf-8", PAGE.formatted(
                machine.getVmName(), Runtime.version(), Duration.ofMillis(machine.getUptime()).toSeconds(),
                used >> 20, memory.maxMemory() >> 20));
    }

    private static void health(HttpExchange exchange) throws IOException {
        send(exchange, 200, "application/json", "{\"status\":\"ok\"}\n");
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        try (exchange) {
            var body = text.getBytes(StandardCharsets.UTF_8);
            var isHead = exchange.getRequestMethod().equals("HEAD");
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, isHead ? -1 : body.length);
            if (!isHead) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    private static Filter log() {
        return Filter.afterHandler("logs each request", exchange -> System.out.printf("%s %s %d%n",
                exchange.getRequestMethod(), exchange.getRequestURI(), exchange.getResponseCode()));
    }
}
