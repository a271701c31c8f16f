#include "apps/commands.hpp"
#include "apps/password_file.hpp"
#include "apps/whole_file.hpp"
#include "net/password.hpp"
#include "net/system_world.hpp"

#include <openssl/crypto.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

namespace kodama::apps {
namespace {

constexpr const char* footer = R"(
The password is asked for on a terminal, or read as one line of standard input. The file is made if
it is not there; a server that runs takes the change over on SIGHUP.

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

/// Shows nothing of what is typed while it lives.
class silent_terminal {
public:
  silent_terminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0)
      return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    active_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~silent_terminal() {
    if (active_)
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  silent_terminal(const silent_terminal&) = delete;
  silent_terminal& operator=(const silent_terminal&) = delete;

private:
  termios before_{};
  bool active_ = false;
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
  return given && !line.empty() ? std::optional{line} : std::nullopt;
}

int save(const passwd_flags& flags, const password_file& users) {
  std::string text;
  for (const auto& [name, hash] : users)
    text += name + ':' + hash + '\n';
  return write_secret(flags.file, text)
             ? 0
             : fail(flags.file + ": cannot be written: " + std::strerror(errno));
}

int run(const passwd_flags& flags) {
  if (const auto checked = check_user_name(flags.user); !checked)
    return fail(checked.error().reason);
  password_file users;
  if (::access(flags.file.c_str(), F_OK) == 0) {
    auto read = read_passwords(flags.file);
    if (!read)
      return fail(read.error().reason);
    users = std::move(*read);
  }
  if (flags.erase) {
    if (users.erase(flags.user) == 0)
      return fail(flags.file + ": there is no user \"" + flags.user + "\"");
    return save(flags, users);
  }
  auto password = ask("Password: ");
  if (!password)
    return fail("no password was given; it is read as one line of standard input");
  if (::isatty(STDIN_FILENO) != 0) {
    const auto again = ask("Once more: ");
    if (!again || *again != *password)
      return fail("the two passwords differ; nothing was changed");
  }
  net::system_chance random;
  users[flags.user] = net::hash_password(*password, random);
  OPENSSL_cleanse(password->data(), password->size());
  return save(flags, users);
}

} // namespace

void add_passwd(CLI::App& parent, int& exit_code) {
  auto* command = parent.add_subcommand("passwd", "Set a user's password in a password file");
  command->footer(footer);
  const auto flags = std::make_shared<passwd_flags>();
  command->add_flag("--delete", flags->erase, "Remove the user instead");
  command->add_option("FILE", flags->file, "The password file")->required();
  command->add_option("USER", flags->user, "Whose password")->required();
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

} // namespace kodama::apps
