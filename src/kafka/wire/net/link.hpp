// One pipelined connection to one broker: opened with its handshakes, then many requests in flight, answers matched by
// correlation id. Belongs to its io_context's thread; its own coroutines keep it alive until it is closed.
#pragma once
#include "../codec/codec.hpp"
#include "../messages/api_versions.hpp"
#include "../messages/sasl.hpp"
#include "line.hpp"

#include <penstock/kafka/traffic.hpp>
#include <penstock/kafka/types.hpp>

#include <deque>
#include <functional>
#include <map>

namespace penstock::kafka::wire {

inline constexpr std::size_t kLargestAnswer = 64 << 20, kLargestHandshake = 64 << 10;  // bytes of a frame
inline constexpr std::size_t kMostInFlight = 256;  // requests of a connection; more of them wait
inline constexpr Duration kOpenLimit{10'000};      // a connection with all its handshakes

// What all links of a client share.
struct Setup {
  asio::io_context& io;
  const Clock& clock;
  Connection connection;
  std::string client_id;
  std::shared_ptr<asio::ssl::context> tls;  // null: none
  Traffic traffic;
};

// A request that is encoded when its version is known.
struct Call {
  Api api;
  std::function<std::string(std::int16_t version, std::int32_t correlation, std::string_view client_id)> encode;
};

class Link;
struct Answer {
  std::string body;  // after the correlation id
  std::int16_t version = 0;
  std::shared_ptr<Link> from;
};

// Somebody who waits, at most one at a time.
class Signal {
 public:
  explicit Signal(asio::io_context& io) : timer_(io) {}
  void set();
  asio::awaitable<bool> wait(Duration most);  // whether it was set

 private:
  asio::steady_timer timer_;
  bool set_ = false;
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  // `ended` is called once with the reason when it ends by no wish of ours.
  using Ended = std::function<void(Link&, const Error&)>;
  Link(std::shared_ptr<Setup> setup, Address address, std::string name, Ended ended);

  void open();
  asio::awaitable<Result<Answer>> ask(std::shared_ptr<const Call> call, SteadyTime deadline);
  void close(Error why);      // everything that waits ends with it
  void retire();              // closes when nobody waits for it any more
  void pause(Duration time);  // sends nothing for so long (KIP-219)

  bool is_open() const { return open_ && !end_; }
  bool ended() const { return end_.has_value(); }
  bool lost() const { return lost_; }          // the broker closed it, or the network did
  bool answered() const { return answered_; }  // at least one request after the handshakes
  bool worn_out() const;                       // its session ends soon (KIP-368)
  // What we'd speak: the newest common version.
  std::optional<std::int16_t> version(const Api& api) const;
  const Address& address() const { return address_; }

 private:
  struct Pending {
    explicit Pending(asio::io_context& io) : signal(io) {}
    Signal signal;
    const char* api = "";
    SteadyTime sent{};
    std::uint64_t heard_before = 0;
    std::optional<Result<std::string>> answer;
  };
  struct Asker {
    explicit Asker(Link& of) : link(of) { ++link.askers_; }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() {
      if (--link.askers_ == 0 && link.retiring_) link.retire();
    }
    Link& link;
  };
  asio::awaitable<void> run();
  asio::awaitable<Result<void>> shake_hands();
  asio::awaitable<Result<void>> learn_versions();
  asio::awaitable<Result<void>> authenticate();
  asio::awaitable<Result<std::string>> read_frame(std::size_t largest);
  asio::awaitable<Result<std::string>> exchange(std::string frame, const char* api);
  template <class Request>
  asio::awaitable<Result<typename Request::Response>> shake(Request request, std::int16_t version);
  asio::awaitable<void> write_queued();
  void send(std::string frame);
  bool take(const std::string& frame);
  void wake(std::size_t most);
  void end(Error why, bool lost);
  Error error(Code code, const std::string& what) const;

  const std::shared_ptr<Setup> setup_;
  const Address address_;
  const std::string name_;
  const Ended ended_;
  Line line_;
  asio::steady_timer open_limit_;
  std::string stage_ = "connecting";
  std::map<std::int16_t, Versions> spoken_;
  std::map<std::int32_t, std::shared_ptr<Pending>> pending_;
  std::deque<std::shared_ptr<Signal>> parked_;
  std::string queued_;
  std::int32_t correlation_ = 0;
  std::uint64_t heard_ = 0;  // reads that brought something
  std::size_t askers_ = 0;
  SteadyTime paused_until_{};
  std::optional<SteadyTime> session_end_;
  std::optional<Error> end_;
  bool open_ = false, writing_ = false, retiring_ = false, lost_ = false, answered_ = false;
};

}  // namespace penstock::kafka::wire
