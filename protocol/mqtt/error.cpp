#include "protocol/mqtt/error.hpp"

#include <stdexcept>

namespace kodama::mqtt {

void throw_exception_from_error(const error& what, const boost::source_location&) {
  throw std::logic_error{what.text};
}

} // namespace kodama::mqtt
