#include "net/usage_file.hpp"

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>

namespace kodama::net {
namespace {

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

template <class Number>
bool take_number(std::string_view& from, char end, Number& to) {
  const auto read = std::from_chars(from.data(), from.data() + from.size(), to);
  if (read.ec != std::errc{} || read.ptr == from.data() + from.size() || *read.ptr != end)
    return false;
  from.remove_prefix(static_cast<std::size_t>(read.ptr - from.data()) + 1);
  return true;
}

/// A name may have come from a configuration, with whatever is in it: it is not to end its line.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char each : name) {
    const auto code = static_cast<unsigned char>(each);
    if (code >= 0x20 && code != 0x7f && each != '\\') {
      text += each;
      continue;
    }
    char digits[5];
    std::snprintf(digits, sizeof digits, "\\x%02x", static_cast<unsigned>(code));
    text += digits;
  }
  return text;
}

/// A backslash that begins no such thing stands for itself.
std::string unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const auto part = text.substr(i, 4);
    unsigned code = 0;
    const auto* end = part.data() + part.size();
    if (part.size() == 4 && part.starts_with("\\x") &&
        std::from_chars(part.data() + 2, end, code, 16).ptr == end) {
      name += static_cast<char>(code);
      i += 3;
    } else {
      name += text[i];
    }
  }
  return name;
}

bool read_line(std::string_view line, account_gate& into) {
  unsigned year = 0;
  unsigned month = 0;
  std::uint64_t count = 0;
  if (!take_number(line, '-', year) || !take_number(line, ' ', month) ||
      !take_number(line, ' ', count) || line.empty() || month < 1 || month > 12)
    return false;
  into.usage_of(unescaped(line))->restore(year * 12 + month - 1, count);
  return true;
}

std::string text_of(const account_gate& from) {
  std::string text;
  for (const auto& [name, used] : from.usages()) {
    const auto month = used->month();
    if (month == 0)
      continue;
    char line[64];
    std::snprintf(line, sizeof line, "%04u-%02u %llu ", month / 12, month % 12 + 1,
                  static_cast<unsigned long long>(used->messages(month)));
    text += line + escaped(name) + '\n';
  }
  return text;
}

} // namespace

result<void> usage_file::read(const std::string& file, account_gate& into, std::string& why) {
  std::ifstream in{file};
  if (!in) {
    if (errno == ENOENT)
      return boost::system::in_place_value; // the first start
    why = file + ": cannot be read";
    return last_error();
  }
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || read_line(line, into))
      continue;
    why = file + ":" + std::to_string(number) +
          ": expected year and month, a count and an account, such as \"2026-11 4711 alice\"";
    return boost::system::error_code{EINVAL, boost::system::system_category()};
  }
  return boost::system::in_place_value;
}

usage_file::usage_file(std::string file, const account_gate& from)
    : file_{std::move(file)}
    , from_{from}
    , thread_{[this] { run(); }} {}

usage_file::~usage_file() {
  {
    const std::lock_guard guard{lock_};
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void usage_file::run() {
  for (bool ending = false; !ending;) {
    {
      std::unique_lock guard{lock_};
      wake_.wait_for(guard, interval, [this] { return ending_; });
      ending = ending_;
    }
    if (const auto written = write(); !written)
      spdlog::error("{}: cannot be written: {}", file_, written.error().message());
  }
}

result<void> usage_file::write() {
  auto text = text_of(from_);
  if (text == last_)
    return boost::system::in_place_value;
  const auto next = file_ + ".new";
  const int descriptor = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return last_error();
  const auto count = ::write(descriptor, text.data(), text.size());
  const bool whole = count == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  const auto failure = last_error();
  ::close(descriptor);
  if (!whole)
    return count >= 0 && !failure ? boost::system::error_code{EIO, boost::system::system_category()}
                                  : failure;
  if (::rename(next.c_str(), file_.c_str()) != 0)
    return last_error();
  last_ = std::move(text);
  return boost::system::in_place_value;
}

} // namespace kodama::net
