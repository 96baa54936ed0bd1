// Many requests to one cluster at once, on the thread that runs the client's io_context.
#pragma once
#include "../net/client.hpp"

#include <exception>
#include <stop_token>
#include <string_view>
#include <unordered_map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace penstock::kafka::wire {

class Asks {
 public:
  Asks(boost::asio::io_context& io, Client& client, std::stop_token stop)
      : io_(io), client_(client), stop_(std::move(stop)) {}
  Asks(const Asks&) = delete;
  Asks& operator=(const Asks&) = delete;

  // `then` is called from run(), once, with the answer or an Error; it may ask more.
  template <class Request, class Then>
  void ask(int broker, Request request, SteadyTime deadline, Then then) {
    spawn<Request>(client_.ask(broker, std::move(request), deadline), std::move(then));
  }
  template <class Request, class Then>
  void ask_any(Request request, SteadyTime deadline, Then then) {
    spawn<Request>(client_.ask_any(std::move(request), deadline), std::move(then));
  }
  // Until everything that was asked is answered. Deadlines end what isn't, and a stop: after it nothing is asked any
  // more, and what was is cancelled.
  void run() {
    const std::stop_callback cancel(stop_,
                                    [this] { boost::asio::post(io_, [client = &client_] { client->cancel(); }); });
    io_.restart();
    while (open_ > 0) io_.run_one();
  }

 private:
  template <class Request, class Then>
  void spawn(boost::asio::awaitable<Result<typename Request::Response>> answer, Then then) {
    ++open_;
    if (stop_.stop_requested())
      return boost::asio::post(io_, [this, then = std::move(then)]() mutable {
        --open_;
        then(fail(Code::kCancelled, "stopping", Retry::never()));
      });
    boost::asio::co_spawn(io_, std::move(answer),
                          [this, then = std::move(then)](const std::exception_ptr& broken,
                                                         Result<typename Request::Response> given) mutable {
                            --open_;
                            if (broken) std::rethrow_exception(broken);
                            then(std::move(given));
                          });
  }

  boost::asio::io_context& io_;
  Client& client_;
  const std::stop_token stop_;
  std::size_t open_ = 0;
};

template <class T>
std::vector<std::vector<T>> in_chunks(std::vector<T> all, std::size_t size) {
  std::vector<std::vector<T>> chunks;
  if (all.size() <= size) {
    if (!all.empty()) chunks.push_back(std::move(all));
    return chunks;
  }
  for (std::size_t at = 0; at < all.size(); at += size)
    chunks.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at),
                        all.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, all.size())));
  return chunks;
}

// The items of an answer by their ids. Most answers keep the order of the request, but nobody promises it.
template <class Item>
class ById {
 public:
  ById(const std::vector<Item>& items, std::string Item::* id) : items_(items), id_(id) {}
  // The place is where it was in the request; null: the answer says nothing about it.
  const Item* find(std::size_t place, const std::string& id) {
    if (place < items_.size() && items_[place].*id_ == id) return &items_[place];
    if (places_.empty())
      for (const Item& item : items_) places_.emplace(item.*id_, &item);
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : found->second;
  }

 private:
  const std::vector<Item>& items_;
  std::string Item::* const id_;
  std::unordered_map<std::string_view, const Item*> places_;
};

// kNotFound: the broker is not among those of the last Metadata.
inline bool asked_in_vain(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kTimeout || error.code == Code::kNotFound;
}

}  // namespace penstock::kafka::wire
