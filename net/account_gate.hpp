#pragma once

#include "actors/world.hpp"
#include "net/account_options.hpp"

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::net {

/// Knows who may come in by tokens, passwords and JSON Web Tokens; the accounts can be exchanged
/// while it serves.
///
/// Tokens and signatures are judged at once. Passwords, whose hashes are slow on purpose, are
/// judged on a thread of their own, at most `waiting_max` at a time; one that was right is known
/// again by a keyed digest, so that a thousand clients who come back at once need no thousand
/// hashes. An account keeps its number and what it has used when the accounts are exchanged. Of one
/// that is not configured, as the subject of a JSON Web Token, that is kept while it has a session
/// or a retained message, and until the end of the month in which it has published.
class account_gate final : public actors::gatekeeper {
public:
  static constexpr std::size_t waiting_max = 1'024;
  /// From so many accounts on those who are gone are looked for, whenever they have doubled.
  static constexpr std::size_t forgets_from = 1'024;

  account_gate(const actors::wall_clock& clock, const account_options& options, chance& random);
  ~account_gate() override;

  /// Passwords that still wait are judged no more. Before those are gone who asked.
  void stop();

  /// From now on these. Those who are in stay in. From any thread.
  void load(const account_options& options);

  // actors::gatekeeper
  std::optional<actors::account_ptr> identify(const actors::credentials& shown,
                                              const caf::actor& asker,
                                              std::uint64_t ticket) override;

  /// Name and usage of every named account that is known, by name.
  [[nodiscard]] std::vector<std::pair<std::string, std::shared_ptr<actors::usage>>> usages() const;
  [[nodiscard]] std::shared_ptr<actors::usage> usage_of(const std::string& name);

private:
  using digest = std::array<unsigned char, 32>;
  struct known_user {
    actors::account_ptr account;
    std::string password_hash;
  };
  struct known_signer {
    json_web_key key;
    actors::plan limits;
    actors::access_rules rules;
  };
  /// One configuration, ready to be asked; immutable.
  struct book {
    bool open = false;         ///< everybody may come in, whatever they show
    actors::account_ptr guest; ///< who shows nothing, if they may come in
    std::vector<std::pair<std::string, actors::account_ptr>> tokens;
    std::map<std::string, known_user, std::less<>> users;
    std::vector<known_signer> signers;
  };
  struct identity {
    std::size_t holder = 0;
    std::shared_ptr<actors::usage> used;
  };

  [[nodiscard]] std::shared_ptr<const book> present() const;
  [[nodiscard]] actors::account_ptr make_account(const std::string& key, const std::string& name,
                                                 const actors::plan& limits,
                                                 const actors::access_rules& rules,
                                                 const std::string& webhook_secret = {});
  [[nodiscard]] actors::account_ptr account_of(const book& in, const std::string& subject,
                                               const known_signer& by);
  identity& identity_of(const std::string& key);
  /// Nobody can ask for what they have used any more.
  void forget_the_gone();
  [[nodiscard]] static actors::account_ptr find_token(const book& in, std::string_view token);
  [[nodiscard]] actors::account_ptr find_subject(const book& in, std::string_view token);
  [[nodiscard]] digest digest_of(std::string_view user, std::string_view password,
                                 std::string_view hash) const;
  std::optional<actors::account_ptr> check_password(std::shared_ptr<const book> in,
                                                    std::string_view user,
                                                    std::string_view password,
                                                    const caf::actor& asker, std::uint64_t ticket);

  const actors::wall_clock& clock_;
  std::array<std::uint64_t, 4> secret_;
  mutable std::mutex lock_;
  std::shared_ptr<const book> book_;
  std::map<std::string, identity> identities_; ///< by kind and name
  std::size_t forget_at_ = forgets_from;
  std::size_t last_holder_ = 0;
  std::map<std::string, digest, std::less<>> right_; ///< the last right password of each user
  std::atomic<std::size_t> waiting_{0};
  boost::asio::thread_pool hashing_{1};
};

} // namespace kodama::net
