#pragma once

#include "protocol/mqtt/reason_code.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace kodama::mqtt {

/// What a peer did wrong: the Reason Code that the specification names for it, and for people which
/// field, which value and which clause. The text is ASCII, so it may travel as a Reason String.
struct error {
  reason_code reason = reason_code::unspecified_error;
  std::string text;

  bool operator==(const error&) const = default;
};

template <class T>
using outcome = boost::system::result<T, error>;

/// Reached by our own mistake only, a value() that nobody looked at before; found by Boost.System.
[[noreturn]] void throw_exception_from_error(const error& what, const boost::source_location&);

} // namespace kodama::mqtt
