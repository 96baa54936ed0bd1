// Prints the tables of every message that we speak as JSON, for e2e/test_wire_tables.py.
#include "wire/codec/describer.hpp"
#include "wire/messages/all.hpp"
#include "wire/messages/consumer_protocol.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

using namespace penstock::kafka::wire;
using Json = nlohmann::ordered_json;

namespace {

template <class Message>
Json fields() {
  Json rows = Json::array();
  for (const Row& row : Describer::table<Message>())
    rows.push_back({{"path", row.path},
                    {"type", row.type},
                    {"versions", {row.versions.first, row.versions.last}},
                    {"nullable", {row.nullable.first, row.nullable.last}},
                    {"tag", row.tag},
                    {"initial", row.initial}});
  return rows;
}

}  // namespace

int main() {
  Json tables = Json::array();
  for_each_request([&]<class Request>() {
    const Api& api = Request::kApi;
    const Json head = {{"key", api.key}, {"oldest", api.oldest}, {"newest", api.newest}, {"flexible", api.flexible}};
    const std::string name = api.name;
    Json request = head, response = head;
    request["message"] = name + "Request";
    request["fields"] = fields<Request>();
    response["message"] = name + "Response";
    response["fields"] = fields<typename Request::Response>();
    tables.push_back(std::move(request));
    tables.push_back(std::move(response));
  });
  tables.push_back({{"message", "ConsumerProtocolAssignment"},
                    {"key", nullptr},
                    {"oldest", 0},
                    {"newest", 3},
                    {"flexible", kEver},
                    {"fields", fields<ConsumerProtocolAssignment>()}});
  std::cout << tables.dump(1) << '\n';
}
