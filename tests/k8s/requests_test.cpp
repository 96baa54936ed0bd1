#include <penstock/k8s/requests.hpp>

#include <doctest/doctest.h>
