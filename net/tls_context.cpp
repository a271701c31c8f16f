#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kodama::net {
namespace {

using outcome = boost::system::result<void, tls_problem>;

/// OpenSSL's own words for what went wrong last.
std::string reason_of(std::string_view otherwise) {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const auto* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return text != nullptr ? std::string{otherwise} + " (" + text + ")" : std::string{otherwise};
}

struct bio_release {
  void operator()(BIO* what) const noexcept { BIO_free(what); }
};
using bio = std::unique_ptr<BIO, bio_release>;

boost::system::result<bio, tls_problem> open(const std::string& file) {
  errno = 0;
  bio opened{BIO_new_file(file.c_str(), "r")};
  if (!opened) {
    const std::string why = errno != 0 ? std::strerror(errno) : "cannot be read";
    ERR_clear_error();
    return tls_problem{file, why};
  }
  return opened;
}

/// OpenSSL would ask at the terminal otherwise.
int no_password(char*, int, int, void*) {
  return 0;
}

enum class match { none, wildcard, exact };

match match_of(X509* certificate, const char* host) {
  char* name = nullptr;
  const auto found = X509_check_host(
      certificate, host, 0,
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, &name);
  const bool is_wildcard = name != nullptr && *name == '*';
  OPENSSL_free(name);
  if (found != 1)
    return match::none;
  return is_wildcard ? match::wildcard : match::exact;
}

/// Whether a client that gets one would be content with the other.
bool share_a_name(X509* one, X509* other) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(one, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free};
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS)
      continue;
    std::string text{reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                     static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))};
    if (text.starts_with("*."))
      text.replace(0, 1, "any"); // a host that the wildcard stands for
    if (match_of(other, text.c_str()) != match::none)
      return true;
  }
  return false;
}

int kind_of(const X509* certificate) {
  return EVP_PKEY_get_base_id(X509_get0_pubkey(certificate));
}

} // namespace

void tls_context::release::operator()(X509* what) const noexcept {
  X509_free(what);
}

void tls_context::release::operator()(EVP_PKEY* what) const noexcept {
  EVP_PKEY_free(what);
}

tls_context::tls_context(const tls_options& options)
    : native_{boost::asio::ssl::context::tls_server} {
  auto* context = native_.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Sessions are resumed by ticket alone: what the server keeps for them is nothing.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  const auto name = options.name.substr(0, SSL_MAX_SSL_SESSION_ID_LENGTH);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<unsigned>(name.size()));
  SSL_CTX_set_cert_cb(context, &tls_context::choose, this);
}

boost::system::result<std::shared_ptr<tls_context>, tls_problem>
tls_context::load(const tls_options& options) {
  auto made = std::make_shared<tls_context>(options);
  for (const auto& files : options.certificates)
    if (auto read = made->read(files); !read)
      return read.error();
  if (auto read = made->read_client_ca(options); !read)
    return read.error();
  return made;
}

outcome tls_context::read(const certificate_files& files) {
  auto certificates = open(files.certificate);
  if (!certificates)
    return certificates.error();
  ERR_clear_error();
  identity found;
  found.certificate.reset(
      PEM_read_bio_X509_AUX(certificates->get(), nullptr, &no_password, nullptr));
  if (!found.certificate)
    return tls_problem{files.certificate, reason_of("holds no certificate in PEM form")};
  for (;;) {
    std::unique_ptr<X509, release> next{
        PEM_read_bio_X509(certificates->get(), nullptr, &no_password, nullptr)};
    if (!next)
      break;
    found.chain.push_back(std::move(next));
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return tls_problem{files.certificate, reason_of("has a broken certificate in its chain")};
  ERR_clear_error();

  auto keys = open(files.key);
  if (!keys)
    return keys.error();
  found.key.reset(PEM_read_bio_PrivateKey(keys->get(), nullptr, &no_password, nullptr));
  if (!found.key)
    return tls_problem{files.key, reason_of("holds no private key in PEM form without a password")};
  if (X509_check_private_key(found.certificate.get(), found.key.get()) != 1)
    return tls_problem{files.key, reason_of("is not the key of " + files.certificate)};
  const auto kind = kind_of(found.certificate.get());
  if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA && kind != EVP_PKEY_ED25519)
    return tls_problem{files.certificate, "its key is neither elliptic-curve nor RSA"};
  // Tried once here, so that a key that OpenSSL finds too weak is told now and not to clients.
  if (SSL_CTX_use_certificate(native_.native_handle(), found.certificate.get()) != 1)
    return tls_problem{files.certificate, reason_of("cannot be used")};
  if (X509_cmp_current_time(X509_get0_notAfter(found.certificate.get())) < 0)
    warnings_.push_back({files.certificate, "has expired"});
  else if (X509_cmp_current_time(X509_get0_notBefore(found.certificate.get())) > 0)
    warnings_.push_back({files.certificate, "is not valid yet"});
  identities_.push_back(std::move(found));
  return boost::system::in_place_value;
}

outcome tls_context::read_client_ca(const tls_options& options) {
  if (options.client_ca.empty())
    return boost::system::in_place_value;
  if (const auto opened = open(options.client_ca); !opened)
    return opened.error();
  auto* context = native_.native_handle();
  ERR_clear_error();
  auto* names = SSL_load_client_CA_file(options.client_ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, options.client_ca.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return tls_problem{options.client_ca, reason_of("holds no certificate in PEM form")};
  }
  SSL_CTX_set_client_CA_list(context, names); // now the context's
  SSL_CTX_set_verify(context,
                     SSL_VERIFY_PEER |
                         (options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return boost::system::in_place_value;
}

std::vector<const tls_context::identity*> tls_context::chosen_for(const char* host) const {
  std::vector<const identity*> chosen;
  const auto add = [&](const identity& candidate) {
    const auto is_same_kind = [&](const identity* other) {
      return kind_of(other->certificate.get()) == kind_of(candidate.certificate.get());
    };
    if (std::none_of(chosen.begin(), chosen.end(), is_same_kind))
      chosen.push_back(&candidate);
  };
  if (host != nullptr)
    for (const auto wanted : {match::exact, match::wildcard}) {
      for (const auto& each : identities_)
        if (match_of(each.certificate.get(), host) == wanted)
          add(each);
      if (!chosen.empty())
        return chosen;
    }
  add(identities_.front());
  for (const auto& each : identities_)
    if (share_a_name(identities_.front().certificate.get(), each.certificate.get()))
      add(each);
  return chosen;
}

int tls_context::choose(SSL* connection, void* self) {
  SSL_certs_clear(connection);
  const auto& context = *static_cast<const tls_context*>(self);
  for (const auto* each :
       context.chosen_for(SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name))) {
    auto* chain = sk_X509_new_null();
    for (const auto& link : each->chain)
      sk_X509_push(chain, link.get());
    const auto used = SSL_use_cert_and_key(connection, each->certificate.get(), each->key.get(),
                                           chain, /*override=*/1);
    sk_X509_free(chain); // the connection has references of its own
    if (used != 1)
      return 0;
  }
  return 1;
}

} // namespace kodama::net
