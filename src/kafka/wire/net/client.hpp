// Our own Kafka client's network half: requests to answers, over one pipelined connection a broker.
//
//   asio::io_context io;
//   Client client(io, connection, "penstock", clock);
//   auto metadata = co_await client.ask_any(MetadataRequest{…}, deadline);
//   client.learn(metadata->brokers);
//   auto offsets = co_await client.ask(2, ListOffsetsRequest{…}, deadline);
//
// Everything happens on the one thread that runs the io_context, which need not run all the time: a connection that was
// closed meanwhile is opened anew by the next ask. That ask may reach the broker twice, so this is for requests that
// may be repeated. Nothing is tried again otherwise: an ask fails with the reason, and while a broker's back-off lasts,
// asks fail at once with the last one. An ask that is under way may outlive the Client; the clock must outlive both.
#pragma once
#include "pool.hpp"

namespace penstock::kafka::wire {

class Client {
 public:
  Client(asio::io_context& io, Connection connection, std::string client_id, const Clock& clock)
      : pool_(std::make_shared<Pool>(io, std::move(connection), std::move(client_id), clock)) {}
  ~Client() { pool_->cancel(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // kNotFound for a broker that wasn't learnt; kUnauthorized, kUnavailable, kTimeout, kThrottled, kUnsupported,
  // kCancelled; kInternal for an answer that can't be decoded. Kafka's own error codes inside an answer are the
  // asker's.
  template <class Request>
  asio::awaitable<Result<typename Request::Response>> ask(int broker, Request request, SteadyTime deadline) {
    return run<Request>(pool_, broker, call_of(std::move(request)), deadline);
  }
  // The first broker that can be reached: a connected one, a learnt one, one of the bootstrap servers.
  template <class Request>
  asio::awaitable<Result<typename Request::Response>> ask_any(Request request, SteadyTime deadline) {
    return run<Request>(pool_, std::nullopt, call_of(std::move(request)), deadline);
  }

  // All brokers of a MetadataResponse. Connections to others end when their last request does.
  template <class Brokers>
  void learn(const Brokers& brokers) {
    std::map<int, Address> known;
    for (const auto& one : brokers)
      if (one.port > 0 && one.port < 65536)
        known[one.node_id] = Address{one.host, static_cast<unsigned short>(one.port)};
    pool_->learn(std::move(known));
  }
  // What we'd speak with it; unset: not connected, or not supported.
  std::optional<std::int16_t> version(int broker, const Api& api) const { return pool_->version(broker, api); }
  // Ends everything that waits with kCancelled, and all connections.
  void cancel() { pool_->cancel(); }
  const Traffic& traffic() const { return pool_->traffic(); }

 private:
  template <class Request>
  static std::shared_ptr<const Call> call_of(Request request) {
    auto call = std::make_shared<Call>();
    call->api = Request::kApi;
    call->encode = [kept = std::move(request)](std::int16_t version, std::int32_t correlation, std::string_view id) {
      return encode_request(kept, version, correlation, id);
    };
    return call;
  }

  template <class Request>
  static asio::awaitable<Result<typename Request::Response>> run(std::shared_ptr<Pool> pool, std::optional<int> broker,
                                                                 std::shared_ptr<const Call> call,
                                                                 SteadyTime deadline) {
    using Response = typename Request::Response;
    auto answer = co_await pool->ask(broker, call, deadline);
    if (!answer) {
      pool->count(answer.error());
      co_return std::unexpected(answer.error());
    }
    auto decoded = decode_response<Response>(answer->body, answer->version);
    if (!decoded) pool->count(decoded.error());
    if constexpr (requires(Response response) { response.throttle_time_ms; }) {
      if (decoded && decoded->throttle_time_ms > 0) answer->from->pause(Duration{decoded->throttle_time_ms});
    }
    co_return decoded;
  }

  const std::shared_ptr<Pool> pool_;
};

}  // namespace penstock::kafka::wire
