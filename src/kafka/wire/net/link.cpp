#include "link.hpp"

#include "sasl.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace penstock::kafka::wire {
namespace {

constexpr std::size_t kReadStep = 1 << 20;  // a frame's memory grows with what has really come

std::uint32_t number_at(const std::string& bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

void Signal::set() {
  set_ = true;
  timer_.cancel();
}

asio::awaitable<bool> Signal::wait(Duration most) {
  if (set_) co_return true;
  error_code ignored;
  timer_.expires_after(most);
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return set_;
}

Link::Link(std::shared_ptr<Setup> setup, Address address, std::string name, Ended ended)
    : setup_(std::move(setup)),
      address_(std::move(address)),
      name_(std::move(name)),
      ended_(std::move(ended)),
      line_(setup_->io, setup_->tls),
      open_limit_(setup_->io) {}

Error Link::error(Code code, const std::string& what) const {
  return {code, name_ + ": " + what, code == Code::kInvalid ? Retry::never() : Retry::later()};
}

void Link::open() {
  open_limit_.expires_after(kOpenLimit);
  open_limit_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->open_) return;
    self->end(self->error(Code::kTimeout, self->stage_ + " took longer than " + format_duration(kOpenLimit)), true);
  });
  asio::co_spawn(setup_->io, [self = shared_from_this()] { return self->run(); }, asio::detached);
}

asio::awaitable<void> Link::run() {
  const auto self = shared_from_this();
  auto opened = co_await line_.open(address_);
  if (opened && !end_) opened = co_await shake_hands();
  if (!opened && !end_) end(error(opened.error().code, stage_ + ": " + opened.error().what), true);
  if (end_) co_return;
  open_ = true;
  open_limit_.cancel();
  ++setup_->traffic.connects;
  wake(parked_.size());
  while (!end_) {
    auto frame = co_await read_frame(kLargestAnswer);
    if (end_) break;
    if (!frame) {
      end(error(frame.error().code, frame.error().what), true);
      break;
    }
    if (!take(*frame)) end(error(Code::kUnavailable, "it answered a question that nobody asked"), false);
  }
}

asio::awaitable<Result<void>> Link::shake_hands() {
  auto done = co_await learn_versions();
  if (done && setup_->connection.sasl) done = co_await authenticate();
  co_return done;
}

asio::awaitable<Result<std::string>> Link::read_frame(std::size_t largest) {
  std::string bytes(4, '\0');
  error_code failed = co_await line_.read(asio::buffer(bytes));
  if (failed) co_return fail(Code::kUnavailable, "the connection was closed: " + failed.message());
  const std::size_t size = number_at(bytes);
  if (size < 4 || size > largest)
    co_return fail(Code::kUnavailable, "it sent a frame of " + std::to_string(size) + " bytes, where 4 to " +
                                           std::to_string(largest) + " are expected: is it Kafka, and is TLS right?");
  bytes.clear();
  while (bytes.size() < size) {
    const std::size_t had = bytes.size(), step = std::min(kReadStep, size - had);
    bytes.resize(had + step);
    failed = co_await line_.read(asio::buffer(bytes.data() + had, step));
    if (failed)
      co_return fail(Code::kUnavailable, "the connection was closed inside of an answer: " + failed.message());
    ++heard_;
  }
  setup_->traffic.bytes_in += size + 4;
  co_return bytes;
}

asio::awaitable<Result<std::string>> Link::exchange(std::string frame, const char* api) {
  ++setup_->traffic.apis[api].requests;
  setup_->traffic.bytes_out += frame.size();
  const SteadyTime sent = setup_->clock.now();
  const error_code failed = co_await line_.write(asio::buffer(frame));
  if (failed) co_return fail(Code::kUnavailable, "the connection was closed: " + failed.message());
  auto answer = co_await read_frame(kLargestHandshake);
  if (!answer) co_return answer;
  if (number_at(*answer) != static_cast<std::uint32_t>(correlation_))
    co_return fail(Code::kUnavailable, "it answered a question that nobody asked");
  auto& stats = setup_->traffic.apis[api];
  ++stats.answers;
  stats.latency_seconds += std::chrono::duration<double>(setup_->clock.now() - sent).count();
  answer->erase(0, 4);
  co_return answer;
}

template <class Request>
asio::awaitable<Result<typename Request::Response>> Link::shake(Request request, std::int16_t version) {
  std::string frame = encode_request(request, version, ++correlation_, setup_->client_id);
  auto body = co_await exchange(std::move(frame), Request::kApi.name);
  if (!body) co_return std::unexpected(body.error());
  co_return decode_response<typename Request::Response>(*body, version);
}

asio::awaitable<Result<void>> Link::learn_versions() {
  stage_ = "asking for its versions";
  const ApiVersionsRequest request{"penstock", "1"};
  std::int16_t version = ApiVersionsRequest::kApi.newest;
  std::string frame = encode_request(request, version, ++correlation_, setup_->client_id);
  auto body = co_await exchange(std::move(frame), ApiVersionsRequest::kApi.name);
  if (!body) co_return std::unexpected(body.error());
  // An old broker answers in version 0 that it doesn't know ours (KIP-511).
  if (body->size() >= 2 && (*body)[0] == 0 && (*body)[1] == 35) {
    version = 0;
    frame = encode_request(request, version, ++correlation_, setup_->client_id);
    body = co_await exchange(std::move(frame), ApiVersionsRequest::kApi.name);
    if (!body) co_return std::unexpected(body.error());
  }
  const auto answer = decode_response<ApiVersionsResponse>(*body, version);
  if (!answer) co_return fail(Code::kUnavailable, answer.error().what);
  if (answer->error_code != 0)
    co_return fail(Code::kUnavailable, "it refuses to tell: error " + std::to_string(answer->error_code));
  for (const auto& key : answer->api_keys) spoken_[key.api_key] = Versions{key.min_version, key.max_version};
  co_return Result<void>();
}

asio::awaitable<Result<void>> Link::authenticate() {
  stage_ = "authentication";
  const Sasl& sasl = *setup_->connection.sasl;
  auto client = make_sasl(sasl, setup_->connection.tls);
  if (!client) co_return std::unexpected(client.error());
  const auto shake_version = version(SaslHandshakeRequest::kApi), version_now = version(SaslAuthenticateRequest::kApi);
  if (!shake_version || !version_now)
    co_return fail(Code::kUnsupported, "it doesn't speak SASL as Kafka 1.0 and newer do");
  SaslHandshakeRequest hello;
  hello.mechanism = sasl.mechanism;
  const auto welcome = co_await shake(std::move(hello), *shake_version);
  if (!welcome) co_return std::unexpected(welcome.error());
  if (welcome->error_code != 0) {
    std::string offered;
    for (const auto& one : welcome->mechanisms) offered += (offered.empty() ? "" : ", ") + one;
    co_return fail(Code::kUnauthorized, "it doesn't take " + sasl.mechanism + " here, only: " + offered.substr(0, 200));
  }
  std::optional<std::string> message = (*client)->start();
  while (message) {
    SaslAuthenticateRequest request;
    request.auth_bytes.data = std::move(*message);
    const auto answer = co_await shake(std::move(request), *version_now);
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->error_code != 0)
      co_return fail(Code::kUnauthorized,
                     answer->error_message.value_or("it refuses these credentials").substr(0, 500));
    auto next = (*client)->step(answer->auth_bytes.data);
    if (!next) co_return std::unexpected(next.error());
    message = std::move(*next);
    // Reconnecting well before the session's end stands in for authenticating again.
    if (answer->session_lifetime_ms > 0) {
      const auto lifetime = std::min<std::int64_t>(answer->session_lifetime_ms, 7LL * 24 * 3600 * 1000);
      session_end_ = setup_->clock.now() + Duration{lifetime * 4 / 5};
    }
  }
  co_return Result<void>();
}

std::optional<std::int16_t> Link::version(const Api& api) const {
  const auto found = spoken_.find(api.key);
  if (found == spoken_.end()) return std::nullopt;
  const auto oldest = std::max(api.oldest, found->second.first), newest = std::min(api.newest, found->second.last);
  return oldest <= newest ? std::optional(newest) : std::nullopt;
}

bool Link::worn_out() const {
  return session_end_ && setup_->clock.now() >= *session_end_;
}

void Link::pause(Duration time) {
  paused_until_ = std::max(paused_until_, setup_->clock.now() + time);
}

asio::awaitable<Result<Answer>> Link::ask(std::shared_ptr<const Call> call, SteadyTime deadline) {
  const auto self = shared_from_this();
  const Asker asker(*self);
  const SteadyTime began = setup_->clock.now();
  bool late = began >= deadline;
  while (!end_ && (!open_ || pending_.size() >= kMostInFlight || setup_->clock.now() < paused_until_)) {
    const SteadyTime now = setup_->clock.now();
    const bool paused = open_ && now < paused_until_;
    if (late && paused)
      co_return std::unexpected(error(Code::kThrottled, "it asked for a pause that outlasts this ask"));
    if (late)
      co_return std::unexpected(error(Code::kTimeout, std::string(open_ ? "too busy" : stage_) + " for " +
                                                          format_duration(deadline - std::min(began, deadline))));
    const bool until_pause_ends = paused && paused_until_ < deadline;
    const Duration most = (until_pause_ends ? paused_until_ : deadline) - now;
    const auto signal = std::make_shared<Signal>(setup_->io);
    parked_.push_back(signal);
    const bool woken = co_await signal->wait(std::max(Duration{0}, most));
    std::erase(parked_, signal);
    late = !woken && !until_pause_ends;
  }
  if (end_) co_return std::unexpected(*end_);
  const auto chosen = version(call->api);
  if (!chosen) {
    const auto has = spoken_.find(call->api.key);
    co_return fail(
        Code::kUnsupported,
        name_ + ": " + call->api.name + " is needed in a version from " + std::to_string(call->api.oldest) + " to " +
            std::to_string(call->api.newest) + ", and it has " +
            (has == spoken_.end() ? std::string("none")
                                  : std::to_string(has->second.first) + " to " + std::to_string(has->second.last)),
        Retry::later());
  }
  const std::int32_t correlation = ++correlation_ & 0x7fffffff;
  const auto pending = std::make_shared<Pending>(setup_->io);
  pending->api = call->api.name;
  pending->sent = setup_->clock.now();
  pending->heard_before = heard_;
  pending_[correlation] = pending;
  ++setup_->traffic.apis[call->api.name].requests;
  send(call->encode(*chosen, correlation, setup_->client_id));
  const Duration most = std::max(Duration{0}, deadline - pending->sent);
  co_await pending->signal.wait(most);
  if (pending->answer) {
    if (!*pending->answer) co_return std::unexpected(pending->answer->error());
    co_return Answer{std::move(**pending->answer), *chosen, self};
  }
  // Its answer, should it come, finds nobody. Answers come in order: after silence none of the others will come either.
  const Error silence =
      error(Code::kTimeout, "did not answer " + std::string(call->api.name) + " within " + format_duration(most));
  if (heard_ == pending->heard_before) end(silence, false);
  co_return std::unexpected(silence);
}

void Link::send(std::string frame) {
  queued_ += frame;
  if (std::exchange(writing_, true)) return;
  asio::co_spawn(setup_->io, [self = shared_from_this()] { return self->write_queued(); }, asio::detached);
}

asio::awaitable<void> Link::write_queued() {
  const auto self = shared_from_this();
  while (!queued_.empty() && !end_) {
    const std::string burst = std::exchange(queued_, {});
    const error_code failed = co_await line_.write(asio::buffer(burst));
    setup_->traffic.bytes_out += burst.size();
    if (failed && !end_) end(error(Code::kUnavailable, "the connection was closed: " + failed.message()), true);
  }
  writing_ = false;
}

bool Link::take(const std::string& frame) {
  const auto found = pending_.find(static_cast<std::int32_t>(number_at(frame)));
  if (found == pending_.end()) return false;
  const auto pending = found->second;
  pending_.erase(found);
  answered_ = true;
  auto& stats = setup_->traffic.apis[pending->api];
  ++stats.answers;
  stats.latency_seconds += std::chrono::duration<double>(setup_->clock.now() - pending->sent).count();
  pending->answer = frame.substr(4);
  pending->signal.set();
  wake(1);
  return true;
}

void Link::wake(std::size_t most) {
  for (; most > 0 && !parked_.empty(); --most) {
    parked_.front()->set();
    parked_.pop_front();
  }
}

void Link::close(Error why) {
  if (end_) return;
  end_ = std::move(why);
  line_.close();
  open_limit_.cancel();
  for (const auto& [correlation, pending] : std::exchange(pending_, {})) {
    pending->answer = std::unexpected(*end_);
    pending->signal.set();
  }
  wake(parked_.size());
}

void Link::end(Error why, bool lost) {
  if (end_) return;
  lost_ = lost;
  if (!open_) ++setup_->traffic.connect_failures;
  close(std::move(why));
  ended_(*this, *end_);
}

void Link::retire() {
  retiring_ = true;
  if (askers_ == 0) close(error(Code::kCancelled, "no longer needed"));
}

}  // namespace penstock::kafka::wire
