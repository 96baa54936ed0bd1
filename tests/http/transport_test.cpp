#include "http/raw_socket.hpp"

#include <penstock/http/server.hpp>
#include <penstock/http/transport.hpp>

#include <future>

#include <doctest/doctest.h>

using namespace penstock;
using http::Request;
using http::Response;

namespace {

const bool kReady = (http::initialize_process(), true);
constexpr Duration kEnough = 10s;

Result<Response> send(http::Transport& transport, const Request& request, Duration timeout = kEnough) {
  return transport.send(request, timeout, std::stop_token{});
}

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a request arrives as it was written, and its answer comes back with lower-case header names") {
  std::promise<std::string> seen;
  raw::Server server([&](raw::Connection& connection, int) {
    seen.set_value(connection.read_request());
    connection.write("HTTP/1.1 201 Created\r\nX-Thing: A b\r\nContent-Length: 5\r\n\r\nhello");
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response =
      send(*transport, {.method = "PATCH",
                        .target = "/api/v1/things/a%2Fb?labelSelector=a%3Db%2Cc&watch=1",
                        .headers = {{"Content-Type", "application/apply-patch+yaml"}, {"Accept", "application/json"}},
                        .body = "{\"a\":1}"});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(response->status == 201);
  CHECK(response->header("x-thing") == "A b");
  CHECK(response->body == "hello");
  std::string request = seen.get_future().get();
  std::erase(request, ' ');  // the blank after a colon is the library's choice
  CHECK(request.starts_with("PATCH/api/v1/things/a%2Fb?labelSelector=a%3Db%2Cc&watch=1HTTP/1.1\r\n"));
  CHECK(request.find("Content-Type:application/apply-patch+yaml\r\n") != std::string::npos);
  CHECK(request.find("Accept:application/json\r\n") != std::string::npos);
  CHECK(request.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_CASE("a refused connection is unavailable, in words that name the origin") {
  std::string origin;
  {
    const raw::Server gone([](raw::Connection&, int) {});
    origin = gone.origin();
  }
  const auto response = send(*http::make_transport(origin, nullptr), {.target = "/"});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kUnavailable);
  CHECK(response.error().what.starts_with("connecting to " + origin + ": connection refused"));
}

TEST_CASE("an origin that is none is invalid, not an exception") {
  const auto response = send(*http::make_transport("not an origin", nullptr), {.target = "/"});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kInvalid);
}

TEST_CASE("a line break in a header or a token is refused before anything is sent") {
  raw::Server server([](raw::Connection& connection, int) { connection.read_request(); });
  const auto plain = http::make_transport(server.origin(), nullptr);
  CHECK(send(*plain, {.target = "/", .headers = {{"X-A", "b\r\nX-C: d"}}}).error().code == Code::kInvalid);
  const auto with_token = http::make_transport(
      server.origin(), [] { return Result<http::Credentials>(http::Credentials{.bearer_token = "a\nb"}); });
  CHECK(send(*with_token, {.target = "/"}).error().code == Code::kInvalid);
  CHECK(server.accepted() == 0);
}

TEST_CASE("an answer that doesn't come ends at the deadline, even when bytes trickle in") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    while (connection.write("x") && !connection.closed()) {
    }
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto before = std::chrono::steady_clock::now();
  const auto response = send(*transport, {.target = "/slow"}, 100ms);
  const auto took = std::chrono::steady_clock::now() - before;
  REQUIRE(!response);
  CHECK(response.error().code == Code::kTimeout);
  CHECK(response.error().what == "GET " + server.origin() + "/slow: no answer within " + format_duration(100ms));
  CHECK(took >= 100ms);
  CHECK(took < 5s);
}

TEST_CASE("the deadline holds while connecting and while shaking hands too") {
  boost::asio::io_context io;
  raw::tcp::acceptor full(io, raw::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  full.listen(0);
  std::vector<raw::tcp::socket> waiting;  // they fill the backlog, after which Linux answers no further SYN
  const auto address = full.local_endpoint();
  for (int i = 0; i < 4; ++i) {
    auto& socket = waiting.emplace_back(io, raw::tcp::v4());
    socket.native_non_blocking(true);
    ::connect(socket.native_handle(), address.data(), static_cast<socklen_t>(address.size()));
  }
  raw::Server mute([](raw::Connection& connection, int) { connection.closed(); });
  for (const std::string& origin :
       {"http://127.0.0.1:" + std::to_string(address.port()), "https" + mute.origin().substr(4)}) {
    CAPTURE(origin);
    const auto response = send(*http::make_transport(origin, nullptr), {.target = "/"}, 100ms);
    REQUIRE(!response);
    CHECK(response.error().code == Code::kTimeout);
  }
}

TEST_CASE("a target goes out as it is") {
  const auto server = *http::serve({.address = "127.0.0.1"}, [](const http::ServerRequest& request) {
    return http::ServerResponse{.body = request.target};
  });
  const auto transport = http::make_transport("http://127.0.0.1:" + std::to_string(server->port()), nullptr);
  for (const std::string target : {"/", "/a/", "/a/b", "/a?x", "/a?x=1+2&y=%20&z=", "/a:b/c@d/system%3Aanonymous",
                                   "/apis/x/v1/things?fieldSelector=metadata.name%3Db&watch=true"}) {
    const auto response = send(*transport, {.target = target});
    REQUIRE_MESSAGE(response, response.error().what);
    CHECK(response->body == target);
  }
}

TEST_CASE("a stop ends a request under way, and one that hasn't begun") {
  std::stop_source stop;
  raw::Server server([&](raw::Connection& connection, int) {
    connection.read_request();
    stop.request_stop();
    CHECK(connection.closed());
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  CHECK(transport->send({.target = "/"}, kEnough, stop.get_token()).error().code == Code::kCancelled);
  CHECK(transport->send({.target = "/"}, kEnough, stop.get_token()).error().code == Code::kCancelled);
}

TEST_CASE("an answer over 32 MiB is refused, with a length and without") {
  for (const bool chunked : {false, true}) {
    CAPTURE(chunked);
    raw::Server server([&](raw::Connection& connection, int) {
      connection.read_request();
      const std::string piece(1024 * 1024, 'x');
      connection.write(chunked ? std::string(kChunked) : "HTTP/1.1 200 OK\r\nContent-Length: 34603008\r\n\r\n");
      for (int i = 0; i < 33; ++i) {
        if (!connection.write(chunked ? "100000\r\n" + piece + "\r\n" : piece)) return;
      }
    });
    const auto response = send(*http::make_transport(server.origin(), nullptr), {.target = "/"});
    REQUIRE(!response);
    CHECK(response.error().code == Code::kInvalid);
    CHECK(response.error().what.find("larger than 32 MiB") != std::string::npos);
  }
}

TEST_CASE("a redirect is an answer, not a place to send the credentials to") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    connection.closed();
  });
  const auto response = send(*http::make_transport(server.origin(), nullptr), {.target = "/"});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(response->status == 302);
  CHECK(response->header("location") == "/elsewhere");
}

TEST_CASE("a connection that died in the pool is replaced without a word, for reads and for writes") {
  for (const bool reset : {false, true}) {
    for (const std::string method : {"GET", "PATCH", "POST"}) {
      CAPTURE(method);
      CAPTURE(reset);
      std::promise<void> dead;
      raw::Server server([&](raw::Connection& connection, int number) {
        connection.read_request();
        connection.write(kOk);
        if (number > 0) {
          connection.closed();
          return;
        }
        reset ? connection.reset() : connection.close();
        dead.set_value();
      });
      const auto transport = http::make_transport(server.origin(), nullptr);
      REQUIRE(send(*transport, {.target = "/first"}));
      dead.get_future().wait();
      const std::string body = method == "GET" ? "" : std::string(2 * 1024 * 1024, 'x');
      const auto again = send(*transport, {.method = method, .target = "/second", .headers = {}, .body = body});
      REQUIRE_MESSAGE(again, again.error().what);
      CHECK(again->body == "ok");
      CHECK(server.accepted() == 2);
    }
  }
}

TEST_CASE("a server that always hangs up is unavailable") {
  raw::Server server([](raw::Connection& connection, int) { connection.read_request(); });
  const auto response = send(*http::make_transport(server.origin(), nullptr), {.target = "/x"});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kUnavailable);
  CHECK(response.error().what.starts_with("GET " + server.origin() + "/x: the connection ended before an answer"));
}

TEST_CASE("the bearer token is asked for with every request") {
  std::vector<std::string> seen;
  const auto server = *http::serve({.address = "127.0.0.1"}, [&](const http::ServerRequest& request) {
    seen.emplace_back(request.header("authorization"));
    return http::ServerResponse{};
  });
  int number = 0;
  const auto transport = http::make_transport("http://127.0.0.1:" + std::to_string(server->port()), [&] {
    return Result<http::Credentials>(http::Credentials{.bearer_token = "token-" + std::to_string(++number)});
  });
  REQUIRE(send(*transport, {.target = "/"}));
  REQUIRE(send(*transport, {.target = "/"}));
  CHECK(seen == std::vector<std::string>{"Bearer token-1", "Bearer token-2"});
}

TEST_CASE("credentials that can't be read are the request's error") {
  const auto transport = http::make_transport(
      "http://127.0.0.1:1", [] { return Result<http::Credentials>(fail(Code::kNotFound, "no file")); });
  const auto response = send(*transport, {.target = "/"});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kNotFound);
  CHECK(response.error().what == "credentials for http://127.0.0.1:1: no file");
}

TEST_CASE("many threads share one transport") {
  const auto server = *http::serve({.address = "127.0.0.1"}, [](const http::ServerRequest& request) {
    return http::ServerResponse{.body = request.target};
  });
  const auto transport = http::make_transport("http://127.0.0.1:" + std::to_string(server->port()), nullptr);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
          const auto response = send(*transport, {.target = target});
          if (response && response->body == target) ++good;
        }
      });
    }
  }
  CHECK(good == 400);
}

TEST_CASE("everything but RFC 3986's unreserved characters is percent-encoded") {
  CHECK(http::percent_encode("aZ0-._~") == "aZ0-._~");
  CHECK(http::percent_encode("a/b c=ü,%") == "a%2Fb%20c%3D%C3%BC%2C%25");
}
