#pragma once

#include "protocol/result.hpp"

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace kodama::apps {

/// A process of its own for work that may crash or never end. What it says on stderr is kept, so
/// that a failed assertion can be told from another. SIGINT and SIGTERM, which a terminal and a
/// service manager send to the whole group, are for the parent to handle; its end ends the child.
class sandbox {
public:
  /// Forks. The child calls `work` with the writing end of a pipe, and ends. An error is the
  /// system's: no more processes or open files.
  [[nodiscard]] static result<sandbox> start(const std::function<void(int pipe)>& work);
  ~sandbox();
  sandbox(sandbox&& other) noexcept;
  sandbox& operator=(sandbox&& other) noexcept;

  /// To be read until its end; -1 once finished.
  [[nodiscard]] int pipe() const noexcept { return pipe_; }
  /// What has come through the pipe and was not taken.
  [[nodiscard]] std::string& unread() noexcept { return unread_; }
  /// Waits for something to read; false at the end.
  bool read();
  /// Waits for it to end. How it failed: the first line it said, or the signal; empty when it did
  /// not.
  [[nodiscard]] std::optional<std::string> finish();

private:
  sandbox() = default;
  void swap(sandbox& other) noexcept;

  pid_t process_ = -1;
  int pipe_ = -1;
  int complaints_ = -1;
  std::string unread_;
};

} // namespace kodama::apps
