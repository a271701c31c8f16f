#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>
#include <string_view>

namespace kodama::apps {

/// Where the server's log goes: to a file that others read, a pipe or a terminal mostly, and that
/// belongs to whoever made it. Waits for no reader: lines that find no room are lost and counted,
/// and the next one that finds some is preceded by how many that were. Any thread may log.
///
/// Nobody but us should write to the file at the same time: what was room when we looked may be
/// theirs by then, and the write waits after all.
class log_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit log_sink(int file)
      : file_{file} {}

protected:
  void sink_it_(const spdlog::details::log_msg& what) override;
  void flush_() override {}

private:
  /// How much of it found room.
  std::size_t write(std::string_view text) const;

  int file_;
  std::uint64_t lost_ = 0; ///< since the last line that was written
  bool inside_ = false;    ///< the last one was written in part
};

} // namespace kodama::apps
