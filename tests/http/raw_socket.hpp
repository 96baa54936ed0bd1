// Sockets that say exactly what a test scripts: the other side of a transport, or a client of the server. Blocking,
// with a limit on every read, so that a broken test fails instead of hanging.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>
#include <sys/time.h>

namespace raw {

using boost::asio::ip::tcp;
using boost::system::error_code;

class Connection {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  bool write(std::string_view text) {
    error_code error;
    boost::asio::write(socket_, boost::asio::buffer(text), error);
    return !error;
  }

  // Up to and with the end given; what came before the connection ended when it never came.
  std::string read_until(std::string_view end) {
    for (;;) {
      if (const auto at = held_.find(end); at != std::string::npos) {
        std::string text = held_.substr(0, at + end.size());
        held_.erase(0, text.size());
        return text;
      }
      if (!read_more()) return std::exchange(held_, {});
    }
  }

  // A request's header and, by its Content-Length, its body.
  std::string read_request() {
    std::string text = read_until("\r\n\r\n");
    const auto length = text.find("Content-Length:");
    if (length == std::string::npos) return text;
    const auto size = std::stoul(text.substr(length + 15));
    while (held_.size() < size && read_more()) {
    }
    text += held_.substr(0, size);
    held_.erase(0, size);
    return text;
  }

  // True when the other side has closed, once everything before it is read.
  bool closed() {
    while (read_more()) {
    }
    return last_error_ != boost::asio::error::would_block && last_error_ != boost::asio::error::try_again;
  }

  const std::string& held() const { return held_; }
  void close() { socket_.close(); }
  // As a machine that dies does: the other side gets a reset.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  bool read_more() {
    std::string more(64 * 1024, '\0');
    const auto size = ::recv(socket_.native_handle(), more.data(), more.size(), 0);
    last_error_ = size < 0 ? error_code(errno, boost::system::system_category()) : error_code{};
    if (size <= 0) return false;
    held_.append(more, 0, static_cast<std::size_t>(size));
    return true;
  }

  tcp::socket socket_;
  std::string held_;
  error_code last_error_;
};

// Runs a script for each connection, one after the other, on a thread of its own; it is told the connection's number.
class Server {
 public:
  using Script = std::function<void(Connection&, int number)>;

  explicit Server(Script script)
      : acceptor_(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, script = std::move(script)] {
          for (int number = 0;; ++number) {
            error_code error;
            tcp::socket socket(io_);
            acceptor_.accept(socket, error);
            if (error) return;
            ++accepted_;
            Connection connection(std::move(socket));
            script(connection, number);
          }
        }) {}
  // Ends the accept; a script must end by itself.
  ~Server() { ::shutdown(acceptor_.native_handle(), SHUT_RDWR); }

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int accepted() const { return accepted_; }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  const unsigned short port_;
  std::atomic<int> accepted_ = 0;
  std::jthread thread_;
};

class Client {
 public:
  static Connection connect(unsigned short port) {
    static boost::asio::io_context io;
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
    return Connection(std::move(socket));
  }
};

}  // namespace raw
