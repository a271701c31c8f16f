#include "sim/trace.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace kodama::sim {
namespace {
__extension__ using wide = unsigned __int128;
} // namespace

std::uint64_t digest(byte_view content) noexcept {
  // Two words at a time into one product of 128 bits, in two independent lanes: a single chain of
  // multiplications would be a quarter of a whole run's time.
  const auto fold = [](std::uint64_t state, const std::byte* at) {
    const auto product = static_cast<wide>(load_big<std::uint64_t>(at) ^ state) *
                         (load_big<std::uint64_t>(at + 8) ^ 0x9fb21c651e98df25);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  auto even = mix(content.size());
  auto odd = ~even;
  for (; content.size() >= 32; content = content.subspan(32)) {
    even = fold(even, content.data());
    odd = fold(odd, content.data() + 16);
  }
  std::array<std::byte, 32> rest{};
  std::copy(content.begin(), content.end(), rest.begin());
  return mix(fold(even, rest.data()) ^ mix(fold(odd, rest.data() + 16)));
}

void trace::name_host(host_id host, std::string_view name) {
  const auto at = static_cast<std::size_t>(host);
  if (names_.size() <= at)
    names_.resize(at + 1);
  names_[at] = name;
}

std::string_view trace::record::about(std::string_view name) const noexcept {
  const auto at = std::find_if(facts.begin(), facts.end(),
                               [name](const fact& each) { return each.name == name; });
  return at == facts.end() ? std::string_view{} : std::string_view{at->value};
}

std::string trace::line(const record& of) const {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(of.when.time_since_epoch()).count();
  const auto at = static_cast<std::size_t>(of.host);
  const auto name = at < names_.size() ? names_[at] : "host " + std::to_string(at);
  char head[96];
  std::snprintf(head, sizeof head, "%5lld.%06lld  %-12s %-20.*s ",
                static_cast<long long>(micros / 1'000'000),
                static_cast<long long>(micros % 1'000'000), name.substr(0, 32).c_str(),
                static_cast<int>(of.kind.size()), of.kind.data());
  if (!of.text.empty())
    return head + of.text;
  return head + std::to_string(of.numbers[0]) + ' ' + std::to_string(of.numbers[1]) + ' ' +
         std::to_string(of.numbers[2]);
}

std::optional<std::size_t> first_difference(const trace& a, const trace& b) {
  const auto& left = a.records();
  const auto& right = b.records();
  const auto common = std::min(left.size(), right.size());
  for (std::size_t i = 0; i != common; ++i)
    if (left[i] != right[i])
      return i;
  if (left.size() != right.size())
    return common;
  return std::nullopt;
}

} // namespace kodama::sim
