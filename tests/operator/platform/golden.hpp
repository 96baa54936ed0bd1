// Compares a text with a file under golden/. With PENSTOCK_UPDATE_GOLDEN set the file is written instead: review it
// like code.
#pragma once
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace penstock::op::platform::test {

inline void check_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/operator/platform/golden/" + name;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread here.
  if (std::getenv("PENSTOCK_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, "no golden file " << path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  CHECK(golden == text);
}

}  // namespace penstock::op::platform::test
