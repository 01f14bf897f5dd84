# frozen_string_literal: true

# A poem at a time, over a small HTTP server of its own.
require "json"
require "socket"
require "time"
require "timeout"

LINES = [
  "The harbour wakes before the town,", "a crane lifts morning off the quay,", "the gulls keep score of every crate,",
  "and someone whistles, out at sea."
].freeze

def page
  <<~HTML
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>A poem</title>
    <style>
      body { min-height: 90vh; display: grid; place-content: center; font: italic 1.3rem/2 Georgia, serif; color: #622; }
      p { margin: 0 }
    </style>
    #{LINES.rotate(rand(LINES.size)).map { |line| "<p>#{line}</p>" }.join("\n")}
    </html>
  HTML
end

def answer(verb, path)
  return [405, "text/plain", "only GET and HEAD\n"] unless %w[GET HEAD].include?(verb)

  case path
  when "/" then [200, "text/html; charset=utf-8", page]
  when "/health" then [200, "application/json", JSON.generate(status: "ok")]
  else [404, "text/plain", "not here\n"]
  end
end

REASONS = { 200 => "OK", 404 => "Not Found", 405 => "Method Not Allowed" }.freeze

def serve(client)
  verb, target, = client.gets("\r\n", 8192).to_s.split
  return if target.nil?

  # The headers say nothing that matters here; they end with an empty line.
  while (header = client.gets("\r\n", 8192)) && header != "\r\n"; end
  status, type, body = answer(verb, target.split("?").first)
  client.write("HTTP/1.1 #{status} #{REASONS[status]}\r\n", "Date: #{Time.now.httpdate}\r\n",
               "Content-Type: #{type}\r\n", "Content-Length: #{body.bytesize}\r\n", "Connection: close\r\n\r\n")
  client.write(body) unless verb == "HEAD"
  puts "#{verb} #{target} #{status}"
end

$stdout.sync = true
port = Integer(ENV.fetch("PORT", "3000"))
server = TCPServer.new("0.0.0.0", port)
%w[TERM INT].each { |signal| trap(signal) { exit } }
puts "listening on port #{port}"

loop do
  Thread.new(server.accept) do |client|
    Timeout.timeout(5) { serve(client) }
  rescue StandardError => e
    puts "a request came to nothing: #{e.message}"
  ensure
    client.close
  end
end
