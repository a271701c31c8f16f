#include "apps/config_keys.hpp"
#include "apps/nearest_key.hpp"
#include "apps/password_file.hpp"
#include "apps/serve_config.hpp"
#include "apps/whole_file.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace kodama::apps {
namespace {

/// After so many the rest is noise.
constexpr int syntax_errors_max = 20;

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

std::size_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

/// Where line `number` begins and ends in `text`, its newline not included.
std::pair<std::size_t, std::size_t> find_line(std::string_view text, std::size_t number) {
  std::size_t begin = 0;
  for (std::size_t line = 1; line != number; ++line) {
    const auto end = text.find('\n', begin);
    if (end == std::string_view::npos)
      return {text.size(), text.size()};
    begin = end + 1;
  }
  return {begin, std::min(text.find('\n', begin), text.size())};
}

/// Parses all that can be parsed. A line with an error is left out, and the rest tried again; but
/// when it is a table's header, nobody knows what the keys below it mean, and reading ends there.
toml::table parse_leniently(std::string text, const std::string& file, config_mistakes& found) {
  for (int i = 0; i != syntax_errors_max; ++i) {
    try {
      return toml::parse(text, file);
    } catch (const toml::parse_error& error) {
      const std::size_t line = error.source().begin.line;
      found.push_back({{file, line, ""}, std::string{error.description()}});
      const auto [begin, end] = find_line(text, line);
      const auto first = text.find_first_not_of(" \t", begin);
      if (begin == end)
        text.resize(begin == text.size() ? 0 : begin); // not one line's fault
      else if (first < end && text[first] == '[')
        text.resize(begin);
      else
        text.replace(begin, end - begin, "");
    }
  }
  return {};
}

class reader {
public:
  reader(const std::string& file, serve_config& config, config_mistakes& found)
      : file_{file}
      , config_{config}
      , found_{found}
      , keys_{keys_of(config)} {
    for (const auto& [key, set] : keys_)
      known_.push_back(key);
    known_.insert(known_.end(), {"listener", "tls", "plans", "users", "jwt", "anonymous"});
  }

  void read(const toml::table& top) {
    note_all(top, "");
    for (const auto& [name, value] : top)
      if (name == "listener")
        read_listeners(value);
      else if (name == "tls")
        read_tls(value);
      else if (name == "plans")
        read_plans(value);
      else if (name == "users")
        read_users(value);
      else if (name == "jwt")
        read_signers(value);
      else if (name == "anonymous")
        read_guest(value);
      else
        read_value(std::string{name.str()}, value);
  }

private:
  void mistake(std::size_t line, const std::string& key, std::string what) {
    found_.push_back({{file_, line, key}, std::move(what)});
  }

  void note_all(const toml::node& node, const std::string& key) {
    if (const auto* table = node.as_table()) {
      for (const auto& [name, value] : *table)
        note_all(value, (key.empty() ? "" : key + ".") + std::string{name.str()});
    } else if (const auto* array = node.as_array()) {
      for (std::size_t i = 0; i != array->size(); ++i)
        note_all((*array)[i], key + "[" + std::to_string(i + 1) + "]");
    } else {
      std::ostringstream text;
      node.visit([&](const auto& value) {
        if constexpr (toml::is_value<decltype(value)>)
          text << value;
      });
      config_.written[key] = text.str();
      config_.places[key] = {file_, line_of(node), key};
    }
  }

  bool is_table(const std::string& key) const {
    const auto at = keys_.lower_bound(key + ".");
    return at != keys_.end() && at->first.starts_with(key + ".");
  }

  void read_value(const std::string& key, const toml::node& value) {
    if (const auto at = keys_.find(key); at != keys_.end()) {
      if (auto set = at->second(value); !set)
        mistake(line_of(value), key, set.error().reason);
    } else if (const auto* inner = value.as_table(); inner && is_table(key)) {
      for (const auto& [name, each] : *inner)
        read_value(key + "." + std::string{name.str()}, each);
    } else if (inner && !inner->empty()) {
      // Told for each key, since each has a place of its own where it was meant to be.
      for (const auto& [name, each] : *inner)
        unknown(key + "." + std::string{name.str()}, each, known_);
    } else if (is_table(key)) {
      mistake(line_of(value), key, "expected a table, that is [" + key + "] and keys below it");
    } else {
      unknown(key, value, known_);
    }
  }

  void unknown(const std::string& key, const toml::node& value,
               const std::vector<std::string>& known) {
    const auto near = nearest_key(key, known);
    mistake(line_of(value), key,
            near ? "no such key; did you mean " + *near + "?"
                 : "no such key; docs/operations.md lists them all");
  }

  /// The keys of one [[listener]] or [tls.NAME].
  void read_inner(const toml::table& table, const std::string& prefix, const setters& keys) {
    for (const auto& [name, value] : table) {
      const std::string key{name.str()};
      if (const auto at = keys.find(key); at != keys.end()) {
        if (auto set = at->second(value); !set)
          mistake(line_of(value), prefix + "." + key, set.error().reason);
        continue;
      }
      std::vector<std::string> known;
      for (const auto& [each, set] : keys)
        known.push_back(each);
      const auto near = nearest_key(key, known);
      std::string all;
      for (const auto& each : known)
        all += (all.empty() ? "" : ", ") + each;
      mistake(line_of(value), prefix + "." + key,
              near ? "no such key; did you mean " + *near + "?"
                   : "no such key; expected one of " + all);
    }
  }

  void read_listeners(const toml::node& value) {
    const auto* several = value.as_array();
    if (several == nullptr || !several->is_array_of_tables()) {
      mistake(line_of(value), "listener", "expected [[listener]], in double brackets, for each");
      return;
    }
    for (const auto& each : *several) {
      const auto& table = *each.as_table();
      listener_config read;
      read.place = {file_, line_of(each), "listener"};
      read_inner(table, "listener", keys_of(read));
      for (const auto* key : {"protocol", "address"})
        if (!table.contains(key))
          mistake(line_of(each), "listener",
                  std::string{key} + " is missing; expected " +
                      (key == std::string_view{"address"}
                           ? "address = \"HOST:PORT\""
                           : "protocol = \"native\", \"mqtt\" or \"http\""));
      config_.listeners.push_back(std::move(read));
    }
  }

  void read_tls(const toml::node& value) {
    const auto* tables = value.as_table();
    if (tables == nullptr) {
      mistake(line_of(value), "tls", "expected [tls.NAME] with certificate and key below it");
      return;
    }
    for (const auto& [name, each] : *tables) {
      const auto key = "tls." + std::string{name.str()};
      const auto* table = each.as_table();
      if (table == nullptr) {
        mistake(line_of(each), key, "expected [tls.NAME] with certificate and key below it");
        continue;
      }
      net::tls_options read;
      read.name = name.str();
      std::vector<std::string> certificates, keys;
      read_inner(*table, key, keys_of(read, certificates, keys));
      if (certificates.empty() || certificates.size() != keys.size())
        mistake(line_of(each), key,
                "expected as many keys as certificates, at least one of each, not " +
                    counted(certificates.size(), "certificate") + " and " +
                    counted(keys.size(), "key"));
      else
        for (std::size_t i = 0; i != keys.size(); ++i)
          read.certificates.push_back({certificates[i], keys[i]});
      if (read.require_client_certificate && read.client_ca.empty())
        mistake(line_of(each), key,
                "require_client_certificate needs client_ca, the file with the authorities whose "
                "certificates are accepted");
      config_.tls_places[read.name] = {file_, line_of(each), key};
      config_.server.tls.push_back(std::move(read));
    }
  }

  /// Calls `visit(name, table, key)` for each [KIND.NAME].
  template <class Visitor>
  void each_named(const toml::node& value, const std::string& kind, Visitor&& visit) {
    const auto* tables = value.as_table();
    if (tables == nullptr) {
      mistake(line_of(value), kind, "expected [" + kind + ".NAME] and keys below it");
      return;
    }
    for (const auto& [name, each] : *tables) {
      const auto key = kind + "." + std::string{name.str()};
      if (const auto* table = each.as_table())
        visit(std::string{name.str()}, *table, key);
      else
        mistake(line_of(each), key, "expected [" + kind + ".NAME] and keys below it");
    }
  }

  void read_plans(const toml::node& value) {
    each_named(value, "plans",
               [&](const std::string& name, const toml::table& table, const std::string& key) {
                 auto& plan = config_.server.accounts.plans[name];
                 plan.name = name;
                 read_inner(table, key, keys_of(plan));
               });
  }

  void read_users(const toml::node& value) {
    each_named(value, "users",
               [&](const std::string& name, const toml::table& table, const std::string& key) {
                 config_.user_places[name] = {file_, line_of(table), key};
                 if (const auto checked = check_user_name(name); !checked)
                   mistake(line_of(table), key, checked.error().reason);
                 read_inner(table, key, keys_of(config_.server.accounts.users[name]));
               });
  }

  void read_guest(const toml::node& value) {
    const auto* table = value.as_table();
    if (table == nullptr) {
      mistake(line_of(value), "anonymous", "expected [anonymous] and keys below it");
      return;
    }
    config_.guest_place = {file_, line_of(value), "anonymous"};
    read_inner(*table, "anonymous", keys_of(config_.server.accounts.anonymous.emplace()));
  }

  void read_signers(const toml::node& value) {
    const auto* several = value.as_array();
    if (several == nullptr || !several->is_array_of_tables()) {
      mistake(line_of(value), "jwt", "expected [[jwt]], in double brackets, for each key");
      return;
    }
    for (const auto& each : *several) {
      const auto& table = *each.as_table();
      net::account_options::signer signer;
      std::string key_file;
      read_inner(table, "jwt", keys_of(signer, key_file));
      if (!table.contains("algorithm"))
        mistake(line_of(each), "jwt", "algorithm is missing; expected HS256, RS256 or ES256");
      config_.server.accounts.signers.push_back(std::move(signer));
      config_.jwt_places.push_back({file_, line_of(each), "jwt"});
      config_.jwt_files.push_back(key_file);
    }
  }

  const std::string& file_;
  serve_config& config_;
  config_mistakes& found_;
  setters keys_;
  std::vector<std::string> known_;
};

} // namespace

config_mistakes read_config(const std::string& file, serve_config& config) {
  const auto text = read_whole(file);
  if (!text)
    return {{{}, cannot_read(file)}};
  config_mistakes found;
  const auto table = parse_leniently(*text, file, found);
  reader{file, config, found}.read(table);
  sort_by_line(found);
  return found;
}

} // namespace kodama::apps
