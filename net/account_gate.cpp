#include "net/account_gate.hpp"

#include "actors/messages.hpp"
#include "net/password.hpp"
#include "protocol/assert.hpp"

#include <boost/asio/post.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace kodama::net {
namespace {

constexpr std::uint64_t micros_per_second = 1'000'000;

/// What an unknown user's password is compared with, so that the time it takes tells nothing.
const std::string& nobodys_hash() {
  static const std::string hash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  return hash;
}

bool is_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace

account_gate::account_gate(const actors::wall_clock& clock, const account_options& options,
                           chance& random)
    : clock_{clock} {
  for (auto& word : secret_)
    word = random.next();
  load(options);
}

account_gate::~account_gate() {
  stop();
}

void account_gate::stop() {
  hashing_.stop();
  hashing_.join();
}

void account_gate::load(const account_options& options) {
  const std::lock_guard guard{lock_};
  auto next = std::make_shared<book>();
  next->open = options.empty();
  const auto plan_of = [&](const std::string& name) {
    const auto at = options.plans.find(name);
    return at == options.plans.end() ? actors::plan{} : at->second;
  };
  // A token's number is the token's own, so it is known by its digest, not by its place.
  for (const auto& token : options.tokens) {
    const auto of = digest_of("", token, "");
    next->tokens.emplace_back(
        token, make_account("token " + std::string{of.begin(), of.end()}, {}, {}, {}));
  }
  for (const auto& [name, user] : options.users) {
    auto account =
        make_account("user " + name, name, plan_of(user.plan), user.rules, user.webhook_secret);
    for (const auto& token : user.tokens)
      next->tokens.emplace_back(token, account);
    next->users.emplace(name, known_user{std::move(account), user.password_hash});
  }
  for (const auto& each : options.signers)
    next->signers.push_back({each.key, plan_of(each.plan), each.rules});
  if (next->open)
    next->guest = make_account("everybody", {}, {}, {});
  else if (const auto& guest = options.anonymous)
    next->guest = make_account("user " + std::string{guest_name}, guest_name, plan_of(guest->plan),
                               guest->rules);
  right_.clear();
  book_ = std::move(next);
}

account_gate::identity& account_gate::identity_of(const std::string& key) {
  if (const auto known = identities_.find(key); known != identities_.end())
    return known->second;
  if (identities_.size() >= forget_at_)
    forget_the_gone();
  return identities_.emplace(key, identity{++last_holder_, std::make_shared<actors::usage>()})
      .first->second;
}

void account_gate::forget_the_gone() {
  const auto month = actors::month_of(clock_.unix_micros());
  std::erase_if(identities_, [&](const auto& each) {
    const auto& used = each.second.used;
    return used.use_count() == 1 && used->month() < month; // not of a month to come: clocks err
  });
  forget_at_ = std::max(forgets_from, 2 * identities_.size());
}

actors::account_ptr account_gate::make_account(const std::string& key, const std::string& name,
                                               const actors::plan& limits,
                                               const actors::access_rules& rules,
                                               const std::string& webhook_secret) {
  const auto& known = identity_of(key);
  auto made = std::make_shared<actors::account>();
  made->holder = known.holder;
  made->name = name;
  made->limits = limits;
  made->rules = rules;
  made->webhook_secret = webhook_secret;
  made->used = known.used;
  return made;
}

std::shared_ptr<const account_gate::book> account_gate::present() const {
  const std::lock_guard guard{lock_};
  return book_;
}

// --- who is it ----------------------------------------------------------------------------------

std::optional<actors::account_ptr> account_gate::identify(const actors::credentials& shown,
                                                          const caf::actor& asker,
                                                          std::uint64_t ticket) {
  auto in = present();
  if (in->open || (in->guest && shown.user.empty() && shown.secret.empty()))
    return in->guest;
  if (auto found = find_token(*in, shown.secret))
    return found;
  if (!in->signers.empty() && looks_like_json_web_token(shown.secret))
    if (auto found = find_subject(*in, shown.secret))
      return found;
  if (in->users.empty())
    return nullptr;
  auto user = shown.user;
  auto password = shown.secret;
  // The native protocol has a token alone: there a user says both in it.
  if (const auto colon = password.find(':'); user.empty() && colon != std::string_view::npos) {
    user = password.substr(0, colon);
    password = password.substr(colon + 1);
  }
  if (user.empty())
    return nullptr;
  return check_password(std::move(in), user, password, asker, ticket);
}

actors::account_ptr account_gate::find_token(const book& in, std::string_view token) {
  // All of them, each in full and in constant time, so that the answer's delay tells nothing.
  actors::account_ptr found;
  for (const auto& [known, account] : in.tokens)
    if (is_same(known, token))
      found = account;
  return found;
}

actors::account_ptr account_gate::find_subject(const book& in, std::string_view token) {
  const std::string text{token};
  const auto seconds = clock_.unix_micros() / micros_per_second;
  for (const auto& each : in.signers) {
    const auto subject = subject_of(text, each.key, seconds);
    if (!subject || subject->name == guest_name)
      continue;
    auto found = account_of(in, subject->name, each);
    if (!subject->expires)
      return found;
    auto until = std::make_shared<actors::account>(*found);
    constexpr auto most = std::numeric_limits<std::uint64_t>::max() / micros_per_second;
    until->valid_until = std::min(*subject->expires, most) * micros_per_second;
    return until;
  }
  return nullptr;
}

actors::account_ptr account_gate::account_of(const book& in, const std::string& subject,
                                             const known_signer& by) {
  if (const auto user = in.users.find(subject); user != in.users.end())
    return user->second.account;
  const std::lock_guard guard{lock_};
  return make_account("user " + subject, subject, by.limits, by.rules);
}

account_gate::digest account_gate::digest_of(std::string_view user, std::string_view password,
                                             std::string_view hash) const {
  std::string text{user};
  text += '\0';
  text += password;
  text += '\0';
  text += hash;
  digest found{};
  unsigned size = found.size();
  const auto* done =
      HMAC(EVP_sha256(), secret_.data(), sizeof secret_,
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), found.data(), &size);
  KODAMA_ASSERT(done && size == found.size());
  OPENSSL_cleanse(text.data(), text.size());
  return found;
}

std::optional<actors::account_ptr> account_gate::check_password(std::shared_ptr<const book> in,
                                                                std::string_view user,
                                                                std::string_view password,
                                                                const caf::actor& asker,
                                                                std::uint64_t ticket) {
  const auto at = in->users.find(user);
  const bool known = at != in->users.end() && !at->second.password_hash.empty();
  const auto& hash = known ? at->second.password_hash : nobodys_hash();
  const auto shown = digest_of(user, password, hash);
  if (known) {
    const std::lock_guard guard{lock_};
    if (const auto right = right_.find(user);
        right != right_.end() &&
        CRYPTO_memcmp(right->second.data(), shown.data(), shown.size()) == 0)
      return at->second.account;
  }
  if (waiting_.fetch_add(1) >= waiting_max) {
    --waiting_;
    spdlog::warn("{} passwords wait to be judged: one more was refused", waiting_max);
    caf::anon_send(asker, actors::identified{ticket, nullptr, true});
    return std::nullopt;
  }
  auto account = known ? at->second.account : nullptr;
  boost::asio::post(hashing_, [this, account, hash, shown, name = std::string{user},
                               word = std::string{password}, asker, ticket]() mutable {
    const bool right = verify_password(word, hash) && account;
    OPENSSL_cleanse(word.data(), word.size());
    --waiting_;
    if (right) {
      const std::lock_guard guard{lock_};
      right_[name] = shown;
    }
    caf::anon_send(asker, actors::identified{ticket, right ? account : nullptr});
  });
  return std::nullopt;
}

// --- what they have used ------------------------------------------------------------------------

std::vector<std::pair<std::string, std::shared_ptr<actors::usage>>> account_gate::usages() const {
  constexpr std::string_view prefix = "user ";
  const std::lock_guard guard{lock_};
  std::vector<std::pair<std::string, std::shared_ptr<actors::usage>>> all;
  for (const auto& [key, each] : identities_)
    if (key.starts_with(prefix))
      all.emplace_back(key.substr(prefix.size()), each.used);
  return all;
}

std::shared_ptr<actors::usage> account_gate::usage_of(const std::string& name) {
  const std::lock_guard guard{lock_};
  return identity_of("user " + name).used;
}

} // namespace kodama::net
