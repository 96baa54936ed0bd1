#include "grpc_code.hpp"

#include <penstock/cli/comparison_report.hpp>
#include <penstock/cli/comparison_source.hpp>
#include <penstock/rpc/tls.hpp>
#include <penstock/v1/decision_feed.grpc.pb.h>

#include <grpcpp/grpcpp.h>

namespace penstock::cli {
Result<Answer> ComparisonSource::read(std::stop_token stop) {
  const auto route = find_route_(stop);
  if (!route) return std::unexpected(route.error());
  const auto stub = v1::DecisionFeed::NewStub(rpc::dial(route->address, route->identity));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
  const std::stop_callback on_stop(stop, [&] { context.TryCancel(); });
  v1::CompareRequest request;
  request.set_namespace_(ns_);
  request.set_name(name_);
  v1::Comparison comparison;
  const grpc::Status status = stub->Compare(&context, request, &comparison);
  if (status.ok()) return answer_of(comparison);
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopping", Retry::never());
  const Code code = code_of(status.error_code());
  const std::string scaler = "the scaler at " + route->address;
  if (code == Code::kNotFound || code == Code::kInvalid) return fail(code, status.error_message(), Retry::never());
  if (code == Code::kUnsupported) return fail(code, scaler + " is older than this tool: it compares nothing");
  return fail(code, scaler + " can't be asked: " + status.error_message());
}

}  // namespace penstock::cli
