// A load as it was seen. Pure.
#pragma once
#include <penstock/base/time.hpp>

#include <string>
#include <vector>

namespace penstock::simulation {

class Recording {
 public:
  // That so many records had arrived since the beginning, where there were none; in the order of time.
  void add(Duration at, double records) { points_.push_back({at, records}); }
  Duration length() const { return points_.back().at; }
  double records() const { return points_.back().records; }

  // As parse_trace takes it: a line for each second, with all of the records. What arrived between two times that lie
  // farther apart is spread evenly over them.
  std::string trace() const;

 private:
  struct Point {
    Duration at;
    double records;
  };
  double arrived_by(Duration at) const;

  std::vector<Point> points_{{}};
};

}  // namespace penstock::simulation
