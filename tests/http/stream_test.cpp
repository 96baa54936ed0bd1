#include "http/raw_socket.hpp"

#include <penstock/http/transport.hpp>

#include <semaphore>

#include <doctest/doctest.h>

using namespace penstock;

namespace {

constexpr Duration kEnough = 10s;
constexpr std::string_view kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a chunk reaches the sink before the next one is sent") {
  std::counting_semaphore<> taken(0);
  raw::Server server([&](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(kChunked);
    for (int i = 0; i < 5; ++i) {
      connection.write("6\r\nline " + std::to_string(i) + "\r\n");
      REQUIRE(taken.try_acquire_for(kEnough));  // else the chunk is held back somewhere
    }
    connection.write("0\r\n\r\n");
    connection.closed();
  });
  std::vector<std::string> chunks;
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto caller = std::this_thread::get_id();
  const auto response = transport->stream({.target = "/watch"},
                                          [&](std::string_view bytes) {
                                            CHECK(std::this_thread::get_id() == caller);
                                            chunks.emplace_back(bytes);
                                            taken.release();
                                            return true;
                                          },
                                          kEnough, {});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(response->status == 200);
  CHECK(response->body.empty());
  CHECK(chunks == std::vector<std::string>{"line 0", "line 1", "line 2", "line 3", "line 4"});
}

TEST_CASE("a stream that is cut is unavailable, after its bytes") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(std::string(kChunked) + "3\r\nabc\r\n");
  });
  std::string got;
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response = transport->stream({.target = "/watch"},
                                          [&](std::string_view bytes) {
                                            got += bytes;
                                            return true;
                                          },
                                          kEnough, {});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kUnavailable);
  CHECK(response.error().what.starts_with("GET " + server.origin() + "/watch: the answer was cut off"));
  CHECK(got == "abc");
}

TEST_CASE("a stop ends a stream at once and closes its connection") {
  std::stop_source stop;
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(std::string(kChunked) + "3\r\nabc\r\n");
    CHECK(connection.closed());
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  for (int i = 0; i < 20; ++i) {
    stop = {};
    std::jthread stopper;
    const auto response = transport->stream(
        {.target = "/watch"},
        [&](std::string_view) {
          stopper = std::jthread([&] { stop.request_stop(); });
          return true;
        },
        kEnough, stop.get_token());
    REQUIRE(!response);
    CHECK(response.error().code == Code::kCancelled);
  }
}

TEST_CASE("a silent stream times out at the idle limit, counted from its last byte") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(std::string(kChunked) + "3\r\nabc\r\n");
    connection.closed();
  });
  int chunks = 0;
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response =
      transport->stream({.target = "/watch"}, [&](std::string_view) { return ++chunks > 0; }, 100ms, {});
  REQUIRE(!response);
  CHECK(response.error().code == Code::kTimeout);
  CHECK(chunks == 1);
}

TEST_CASE("the sink ends the stream") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(std::string(kChunked) + "3\r\nabc\r\n3\r\ndef\r\n");
    CHECK(connection.closed());
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response = transport->stream({.target = "/"}, [](std::string_view) { return false; }, kEnough, {});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(response->ok());
  CHECK(response->body.empty());
}

TEST_CASE("a refusal's body is returned, not streamed") {
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write("HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone");
    connection.closed();
  });
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response = transport->stream({.target = "/"},
                                          [](std::string_view) {
                                            FAIL("nothing of a refusal goes to the sink");
                                            return true;
                                          },
                                          kEnough, {});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(response->status == 410);
  CHECK(response->body == "gone");
}

TEST_CASE("a reader that is behind makes the sender wait, and loses nothing") {
  constexpr std::size_t kPieces = 200, kPiece = 64 * 1024;
  raw::Server server([](raw::Connection& connection, int) {
    connection.read_request();
    connection.write(kChunked);
    const std::string piece(kPiece, 'x');
    for (std::size_t i = 0; i < kPieces; ++i) connection.write("10000\r\n" + piece + "\r\n");
    connection.write("0\r\n\r\n");
    connection.closed();
  });
  std::size_t total = 0, largest = 0;
  const auto transport = http::make_transport(server.origin(), nullptr);
  const auto response = transport->stream({.target = "/"},
                                          [&](std::string_view bytes) {
                                            total += bytes.size();
                                            largest = std::max(largest, bytes.size());
                                            return true;
                                          },
                                          kEnough, {});
  REQUIRE_MESSAGE(response, response.error().what);
  CHECK(total == kPieces * kPiece);
  CHECK(largest < 512 * 1024);  // what is held for the reader
}
