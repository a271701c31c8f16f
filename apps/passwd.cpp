#include "apps/commands.hpp"
#include "apps/parsed_option.hpp"
#include "apps/password_file.hpp"
#include "apps/whole_file.hpp"
#include "net/password.hpp"
#include "net/system_world.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
The password is asked for on a terminal, or read as one line of standard input. The file is made if
it is not there, what else stands in it stays, comments too; who changes it at the same time waits. A
server that runs takes the change over on SIGHUP.

Examples:
  kodama passwd users.txt alice
  echo "$SECRET" | kodama passwd users.txt alice
  kodama passwd --delete users.txt alice)";

struct passwd_flags {
  std::string file;
  std::string user;
  bool erase = false;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "kodama: passwd: %s\n", what.c_str());
  return 1;
}

// What a signal handler may touch.
termios terminal_before;

void show_and_die(int signal) {
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
  ::raise(signal); // with its usual effect, when this returns
}

/// Shows nothing of what is typed while it lives. A signal that ends the process leaves the
/// terminal as it was; one that stops it (Ctrl-Z) has to wait.
class silent_terminal {
public:
  silent_terminal() {
    if (::tcgetattr(STDIN_FILENO, &terminal_before) != 0)
      return;
    struct sigaction action {};
    action.sa_handler = show_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (std::size_t i = 0; i != ending.size(); ++i)
      ::sigaction(ending[i], &action, &actions_before_[i]);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGTSTP, &action, &stop_before_);
    auto silent = terminal_before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    active_ = true;
  }
  ~silent_terminal() {
    if (!active_)
      return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    for (std::size_t i = 0; i != ending.size(); ++i)
      ::sigaction(ending[i], &actions_before_[i], nullptr);
    ::sigaction(SIGTSTP, &stop_before_, nullptr);
  }
  silent_terminal(const silent_terminal&) = delete;
  silent_terminal& operator=(const silent_terminal&) = delete;

private:
  static constexpr std::array ending{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  std::array<struct sigaction, ending.size()> actions_before_{};
  struct sigaction stop_before_ {};
  bool active_ = false;
};

/// Whoever else changes a password file of the same directory waits: what is read is what is
/// written again. The directory's, since a lock of the file would go with it when it is replaced.
class directory_lock {
public:
  explicit directory_lock(const std::string& file) {
    const auto target = behind_links(file);
    if (!target)
      return;
    const auto directory = std::filesystem::path{*target}.parent_path();
    descriptor_ =
        ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    held_ = descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX) == 0;
  }
  ~directory_lock() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;

  /// Otherwise errno tells why not.
  [[nodiscard]] bool held() const noexcept { return held_; }

private:
  int descriptor_ = -1;
  bool held_ = false;
};

std::optional<std::string> ask(const char* question) {
  const bool terminal = ::isatty(STDIN_FILENO) != 0;
  std::optional<silent_terminal> silent;
  if (terminal) {
    std::fputs(question, stderr);
    silent.emplace();
  }
  std::string line;
  const bool given = static_cast<bool>(std::getline(std::cin, line));
  if (terminal)
    std::fputc('\n', stderr);
  if (!line.empty() && line.back() == '\r') // of a line as other systems end it
    line.pop_back();
  return given && !line.empty() ? std::optional{line} : std::nullopt;
}

bool is_there(const std::string& file) {
  return ::access(file.c_str(), F_OK) == 0;
}

/// The password's hash; what is wrong has been told.
std::optional<std::string> ask_for_hash() {
  auto password = ask("Password: ");
  if (!password) {
    fail("no password was given; it is read as one line of standard input");
    return std::nullopt;
  }
  if (::isatty(STDIN_FILENO) != 0) {
    const auto again = ask("Once more: ");
    if (!again || *again != *password) {
      fail("the two passwords differ; nothing was changed");
      return std::nullopt;
    }
  }
  net::system_chance random;
  auto hash = net::hash_password(*password, random);
  OPENSSL_cleanse(password->data(), password->size());
  return hash;
}

/// `hash` absent: without the user.
int change(const passwd_flags& flags, const std::optional<std::string>& hash) {
  const directory_lock lock{flags.file};
  if (!lock.held())
    return fail(flags.file + ": its directory cannot be locked: " + std::strerror(errno));
  auto text = is_there(flags.file) ? read_whole(flags.file) : std::string{};
  if (!text)
    return fail(cannot_read(flags.file));
  const auto changed = hash ? with_password(std::move(*text), flags.user, *hash)
                            : without_user(std::move(*text), flags.user);
  if (!changed)
    return fail(flags.file + ": there is no user \"" + flags.user + "\"");
  return write_secret(flags.file, *changed)
             ? 0
             : fail(flags.file + ": cannot be written: " + std::strerror(errno));
}

int run(const passwd_flags& flags) {
  if (const auto checked = check_user_name(flags.user); !checked)
    return fail(checked.error().reason);
  // Before it is opened: a pipe would keep us waiting for whoever writes to it.
  if (is_special(flags.file))
    return fail(flags.file + ": is not a regular file");
  if (is_there(flags.file))
    if (const auto users = read_passwords(flags.file); !users)
      return fail(users.error().reason);
  if (flags.erase)
    return change(flags, std::nullopt);
  const auto hash = ask_for_hash();
  return hash ? change(flags, hash) : 1;
}

} // namespace

void add_passwd(CLI::App& parent, int& exit_code) {
  auto* command = parent.add_subcommand("passwd", "Set a user's password in a password file");
  command->footer(footer);
  const auto flags = std::make_shared<passwd_flags>();
  command->add_flag("--delete", flags->erase, "Remove the user instead");
  command->add_option("FILE", flags->file, "The password file")
      ->required()
      ->check(refuse_empty_name);
  command->add_option("USER", flags->user, "Whose password")->required();
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

} // namespace kodama::apps
