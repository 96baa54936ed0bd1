#include <penstock/runtime/work_queue.hpp>

#include <doctest/doctest.h>
