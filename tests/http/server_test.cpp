#include "http/raw_socket.hpp"

#include <penstock/http/server.hpp>
#include <penstock/http/transport.hpp>

#include <future>

#include <doctest/doctest.h>

using namespace penstock;
using http::ServerOptions;
using http::ServerRequest;
using http::ServerResponse;

namespace {

ServerResponse echo(const ServerRequest& request) {
  return {.body = request.method + " " + request.target + " " + request.body};
}

std::unique_ptr<http::Server> start(ServerOptions options, http::Handler handler = echo) {
  options.address = "127.0.0.1";
  auto server = http::serve(options, std::move(handler));
  REQUIRE_MESSAGE(server, server.error().what);
  return std::move(*server);
}

std::string status_line(raw::Connection& connection) {
  return connection.read_until("\r\n");
}

}  // namespace

TEST_CASE("a connection carries one request after the other, sent together or not") {
  const auto server = start({});
  auto client = raw::Client::connect(server->port());
  client.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(client.read_until("GET /a ").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.read_until("POST /b hi").starts_with("HTTP/1.1 200 OK\r\n"));
  client.write("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_until("GET /c ").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(client.closed());
}

TEST_CASE("a handler sees headers in lower case, every one of a repeated name, and no certificate") {
  std::vector<std::string> groups;
  const auto server = start({}, [&](const ServerRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "x-remote-group") groups.push_back(value);
    }
    CHECK(!request.peer.certificate_verified);
    return ServerResponse{.status = 404, .content_type = "application/json", .body = "{}"};
  });
  auto client = raw::Client::connect(server->port());
  client.write("GET / HTTP/1.1\r\nHost: x\r\nX-Remote-Group: a\r\nX-Remote-Group: b\r\n\r\n");
  const std::string answer = client.read_until("{}");
  CHECK(answer.starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(answer.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(groups == std::vector<std::string>{"a", "b"});
}

TEST_CASE("HEAD is answered with the length and without the body") {
  const auto server = start({});
  auto client = raw::Client::connect(server->port());
  client.write("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n").find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(client.closed());
  CHECK(client.held().empty());
}

TEST_CASE("a client that waits for 100-continue is told to go on") {
  const auto server = start({});
  auto client = raw::Client::connect(server->port());
  client.write("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 Continue\r\n"));
  client.write("hi");
  CHECK(client.read_until("POST /a hi").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a handler that throws is a 500, and its words stay inside") {
  const auto server = start({}, [](const ServerRequest&) -> ServerResponse { throw std::runtime_error("secret"); });
  auto client = raw::Client::connect(server->port());
  client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.closed());
  CHECK(client.held().starts_with("HTTP/1.1 500 "));
  CHECK(client.held().find("secret") == std::string::npos);
}

TEST_CASE("a header that is too large is refused, and so is a body") {
  const auto server = start({.max_header_bytes = 1024, .max_body_bytes = 1000});
  const std::string lots(200'000, 'x');
  for (const std::string& header : {"GET / HTTP/1.1\r\nHost: x\r\nX-Lots: " + lots + "\r\n\r\n", "GET /" + lots}) {
    auto client = raw::Client::connect(server->port());
    client.write(header);
    CHECK(status_line(client).starts_with("HTTP/1.1 431 "));
    CHECK(client.closed());
  }
  for (const std::string& body : {"Content-Length: 200000\r\n\r\n" + lots,
                                  "Transfer-Encoding: chunked\r\n\r\n30d40\r\n" + lots + "\r\n0\r\n\r\n"}) {
    auto client = raw::Client::connect(server->port());
    client.write("POST / HTTP/1.1\r\nHost: x\r\n" + body);
    CHECK(status_line(client).starts_with("HTTP/1.1 413 "));
    CHECK(client.closed());
  }
}

TEST_CASE("what isn't HTTP is refused") {
  const auto server = start({});
  auto client = raw::Client::connect(server->port());
  client.write("\x16\x03\x01\x02 hello, is this TLS?\r\n\r\n");
  CHECK(status_line(client).starts_with("HTTP/1.1 400 "));
  CHECK(client.closed());
}

TEST_CASE("a client can hold neither an idle connection nor an unfinished request beyond the limit") {
  const auto server = start({.idle_limit = 100ms});
  for (const std::string_view said :
       {"", "GET / HTTP/1.1\r\nHost:", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhi"}) {
    CAPTURE(said);
    auto client = raw::Client::connect(server->port());
    const auto before = std::chrono::steady_clock::now();
    client.write(said);
    CHECK(client.closed());
    CHECK(client.held().empty());
    CHECK(std::chrono::steady_clock::now() - before >= 90ms);
  }
}

TEST_CASE("a header that comes byte by byte ends with the limit, however busy the client is") {
  const auto server = start({.idle_limit = 200ms});
  auto client = raw::Client::connect(server->port());
  const auto before = std::chrono::steady_clock::now();
  client.write("GET / HTTP/1.1\r\nX-Slow: ");
  while (client.write("x") && std::chrono::steady_clock::now() - before < 5s) std::this_thread::yield();
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("a connection over the limit is closed, and there is room again when one has ended") {
  const auto server = start({.max_connections = 2});
  const std::string request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  auto first = raw::Client::connect(server->port());
  auto second = raw::Client::connect(server->port());
  for (auto* client : {&first, &second}) {
    client->write(request);
    REQUIRE(client->read_until("GET /a ").starts_with("HTTP/1.1 200 "));
  }
  auto third = raw::Client::connect(server->port());
  CHECK(third.closed());
  second.write("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  REQUIRE(second.closed());
  second.close();
  // The end of a connection is noticed on the server's own time.
  const auto before = std::chrono::steady_clock::now();
  bool served = false;
  while (!served && std::chrono::steady_clock::now() - before < 5s) {
    auto next = raw::Client::connect(server->port());
    next.write(request);
    served = next.read_until("GET /a ").starts_with("HTTP/1.1 200 ");
  }
  CHECK(served);
}

TEST_CASE("a server that ends lets a busy request finish and drops idle connections") {
  std::promise<void> busy, go_on;
  auto server = start({}, [&](const ServerRequest& request) {
    if (request.target == "/busy") {
      busy.set_value();
      go_on.get_future().wait();
    }
    return ServerResponse{.body = "done"};
  });
  auto idle = raw::Client::connect(server->port());
  idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  idle.read_until("done");
  auto client = raw::Client::connect(server->port());
  client.write("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
  busy.get_future().wait();
  std::jthread end([&] { server.reset(); });
  CHECK(idle.closed());
  go_on.set_value();
  const std::string answer = client.read_until("done");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(client.closed());
}

TEST_CASE("an address in use is unavailable, and the error says which") {
  const auto server = start({});
  const auto again = http::serve({.address = "127.0.0.1", .port = server->port()}, echo);
  REQUIRE(!again);
  CHECK(again.error().code == Code::kUnavailable);
  CHECK(again.error().what.starts_with("listening on 127.0.0.1:" + std::to_string(server->port()) + ": "));
  CHECK(!http::serve({.address = "no address"}, echo));
}
