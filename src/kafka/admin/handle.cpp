#include "handle.hpp"

#include "../connection.hpp"

#include <penstock/base/log.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <thread>

#include <sys/socket.h>

namespace penstock::kafka {
namespace {

using Config = Owned<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using Words = std::array<char, 512>;

// A broker that restarts, or closes an idle connection, is back within this; librdkafka then says nothing more.
constexpr Duration kAllDownPatience = 2s;

// Between two attempts to connect to one address. While a request waits for a broker that is down, librdkafka (2.8)
// sets its own back-off aside at each failure: some 10,000 attempts a second were seen.
constexpr Duration kBetweenConnects = 100ms;

// The callers give each call a time limit of their own; a broker that hangs for longer than this is dropped, so that
// the next call goes to another one.
constexpr Duration kRequestPatience = 10s;
constexpr Duration kConnectPatience = 5s;

constexpr const char* kTokenMechanism = "OAUTHBEARER";

// syslog's levels
constexpr int kSyslogWarning = 4;

void on_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  if (level <= kSyslogWarning)
    log::warn("librdkafka", {{"facility", facility}, {"text", text}});
  else
    log::debug("librdkafka", {{"facility", facility}, {"text", text}});
}

class Settings {
 public:
  Settings() : config_(rd_kafka_conf_new()) {}

  // The value is never part of an error: it may be a secret.
  void set(const char* name, const std::string& value) {
    Words words{};
    if (failed_ ||
        rd_kafka_conf_set(config_.get(), name, value.c_str(), words.data(), words.size()) == RD_KAFKA_CONF_OK)
      return;
    failed_ = Error{Code::kInvalid, std::string("Kafka connection setting ") + name + " was refused", Retry::never()};
  }
  void set(const char* name, Duration value) { set(name, std::to_string(value.count())); }

  rd_kafka_conf_t* get() { return config_.get(); }
  void release() { (void)config_.release(); }
  const std::optional<Error>& failed() const { return failed_; }

 private:
  Config config_;
  std::optional<Error> failed_;
};

void add_security(Settings& settings, const Connection& connection) {
  if (connection.tls) {
    settings.set("security.protocol", connection.sasl ? "SASL_SSL" : "SSL");
    settings.set("enable.ssl.certificate.verification", "true");
    settings.set("ssl.endpoint.identification.algorithm", "https");
    if (!connection.certificate_authority.empty()) settings.set("ssl.ca.pem", connection.certificate_authority);
    if (!connection.client_certificate.empty()) {
      settings.set("ssl.certificate.pem", connection.client_certificate);
      settings.set("ssl.key.pem", connection.client_key);
    }
  } else {
    settings.set("security.protocol", connection.sasl ? "SASL_PLAINTEXT" : "PLAINTEXT");
  }
  if (connection.sasl) {
    settings.set("sasl.mechanism", connection.sasl->mechanism);
    if (connection.sasl->mechanism == kTokenMechanism) return;
    settings.set("sasl.username", connection.sasl->username);
    settings.set("sasl.password", connection.sasl->password);
  }
}

// Whoever gave the token gives the next one with another connection, in time: librdkafka must not ask for it.
Result<void> set_token(rd_kafka_t* rk, const std::string& token) {
  constexpr std::int64_t kNeverEnds = std::numeric_limits<std::int64_t>::max() / 1000;
  Words words{};
  if (rd_kafka_oauthbearer_set_token(rk, token.c_str(), kNeverEnds, "penstock", nullptr, 0, words.data(),
                                     words.size()) == RD_KAFKA_RESP_ERR_NO_ERROR)
    return {};
  return fail(Code::kInvalid, std::string("the SASL token was refused: ") + words.data(), Retry::never());
}

}  // namespace

Result<std::unique_ptr<Handle>> Handle::open(const Connection& connection, const std::string& client_id) {
  if (auto valid = check(connection); !valid) return std::unexpected(valid.error());
  std::unique_ptr<Handle> handle(new Handle(connection.bootstrap_servers));

  Settings settings;
  settings.set("bootstrap.servers", connection.bootstrap_servers);
  settings.set("client.id", client_id);
  add_security(settings, connection);
  // A consumer that never subscribes, with a group of its own that it never joins: librdkafka answers a moved group
  // coordinator (NOT_COORDINATOR to OffsetFetch) by an order to the handle's own group, and has none to give it to,
  // but a null pointer, in producers and in consumers without a group.
  settings.set("group.id", client_id);
  settings.set("enable.auto.commit", "false");
  settings.set("enable.auto.offset.store", "false");
  settings.set("enable.metrics.push", "false");
  settings.set("log.connection.close", "false");

  settings.set("socket.keepalive.enable", "true");
  settings.set("socket.timeout.ms", kRequestPatience);
  settings.set("socket.connection.setup.timeout.ms", kConnectPatience);
  // A broker that is back is found within a second (the default waits up to 10 s).
  settings.set("reconnect.backoff.ms", Duration{100});
  settings.set("reconnect.backoff.max.ms", Duration{1000});
  // None of the calls needs the topics remembered. Up to 2.9 librdkafka's memory of topics is damaged, and the process
  // soon dies, when a topic that is remembered is seen under another id: somebody has deleted it and made it anew.
  settings.set("metadata.max.age.ms", Duration{1});
  // Brokers that join or move are found by this refresh; the default is 5 min.
  settings.set("topic.metadata.refresh.interval.ms", Duration{30'000});

  rd_kafka_conf_set_opaque(settings.get(), handle.get());
  rd_kafka_conf_set_log_cb(settings.get(), on_log);
  rd_kafka_conf_set_connect_cb(settings.get(),
                               [](int socket, const sockaddr* address, int length, const char* name, void* self) {
                                 static_cast<Handle*>(self)->pace(name);
                                 const int done = connect(socket, address, static_cast<socklen_t>(length));
                                 return done == 0 || errno == EINPROGRESS ? 0 : errno;
                               });
  rd_kafka_conf_set_error_cb(settings.get(), [](rd_kafka_t*, int error, const char* words, void* self) {
    static_cast<Handle*>(self)->complained(static_cast<rd_kafka_resp_err_t>(error), words);
  });
  if (settings.failed()) return std::unexpected(*settings.failed());

  Words words{};
  handle->rk_ = rd_kafka_new(RD_KAFKA_CONSUMER, settings.get(), words.data(), words.size());
  if (!handle->rk_)
    return fail(Code::kInvalid,
                "cannot set up a Kafka client for " + connection.bootstrap_servers + ": " + words.data(),
                Retry::never());
  settings.release();  // rd_kafka_new took it
  if (connection.sasl && connection.sasl->mechanism == kTokenMechanism)
    if (auto set = set_token(handle->rk_, connection.sasl->token); !set) return std::unexpected(set.error());
  return handle;
}

Handle::~Handle() {
  if (rk_) rd_kafka_destroy_flags(rk_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Handle::listen() {
  while (rd_kafka_poll(rk_, 0) > 0) {
  }
}

// On the broker's own thread of librdkafka, which has nothing else to do before it is connected.
void Handle::pace(const std::string& address) {
  SteadyTime now = SystemClock{}.now();
  SteadyTime next;
  {
    std::lock_guard lock(mutex_);
    auto& last = last_connect_[address];
    next = std::max(now, last + kBetweenConnects);
    last = next;
  }
  if (next > now) std::this_thread::sleep_for(next - now);
}

void Handle::complained(rd_kafka_resp_err_t error, const char* words) {
  const std::lock_guard lock(mutex_);
  switch (error) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (!all_down_since_) all_down_since_ = SystemClock{}.now();
      // Its own words ("1/1 brokers are down") say less than those of the broker that failed before.
      if (complaint_ != RD_KAFKA_RESP_ERR_NO_ERROR) return;
      break;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      break;
    default:
      return;
  }
  complaint_ = error;
  complained_at_ = SystemClock{}.now();
  complaint_words_ = words ? words : "";
}

void Handle::answered() {
  const std::lock_guard lock(mutex_);
  complaint_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  complaint_words_.clear();
  all_down_since_.reset();
}

Error Handle::unreachable() const {
  if (code_of(complaint_) == Code::kUnauthorized)
    return {Code::kUnauthorized, "cannot log in to " + bootstrap_ + ": " + complaint_words_, Retry::later()};
  return {Code::kUnavailable, "cannot reach " + bootstrap_ + ": " + complaint_words_, Retry::later()};
}

Error Handle::explain(rd_kafka_resp_err_t error, const char* words) {
  const std::lock_guard lock(mutex_);
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
      if (complaint_ != RD_KAFKA_RESP_ERR_NO_ERROR) return unreachable();
      break;
    default:
      break;
  }
  Error explained = to_error(error, words);
  if (explained.code == Code::kUnavailable && error == RD_KAFKA_RESP_ERR__TRANSPORT)
    explained.what = "cannot reach " + bootstrap_ + ": " + explained.what;
  return explained;
}

std::optional<Error> Handle::hopeless(SteadyTime since) const {
  const std::lock_guard lock(mutex_);
  if (complaint_ == RD_KAFKA_RESP_ERR__AUTHENTICATION && complained_at_ >= since) return unreachable();
  if (all_down_since_ && SystemClock{}.now() - std::max(*all_down_since_, since) >= kAllDownPatience)
    return unreachable();
  return std::nullopt;
}

}  // namespace penstock::kafka
