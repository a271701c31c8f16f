#pragma once

#include "net/listener_options.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/result.hpp>

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace kodama::net {

/// Why certificates cannot be served: which file, and what is wrong with it.
struct tls_problem {
  std::string file;
  std::string reason;
};

/// The certificates and rules of TLS listeners, as they were when the files were read. Immutable: a
/// reload makes another, and connections keep theirs for as long as they live.
///
/// TLS 1.2 and 1.3. Of several certificates the client gets those whose subject alternative names
/// have the host that it names (SNI), an exact one before a wildcard; and of these, one of every
/// kind of key, so that it can choose between elliptic curves and RSA by what it understands.
class tls_context {
public:
  [[nodiscard]] static boost::system::result<std::shared_ptr<tls_context>, tls_problem>
  load(const tls_options& options);

  explicit tls_context(const tls_options& options);
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  [[nodiscard]] boost::asio::ssl::context& native() noexcept { return native_; }
  /// What works, and is still worth a warning: a certificate that has expired, say.
  [[nodiscard]] const std::vector<tls_problem>& warnings() const noexcept { return warnings_; }

private:
  struct release {
    void operator()(X509* what) const noexcept;
    void operator()(EVP_PKEY* what) const noexcept;
  };
  struct identity {
    std::unique_ptr<X509, release> certificate;
    std::vector<std::unique_ptr<X509, release>> chain;
    std::unique_ptr<EVP_PKEY, release> key;
  };

  [[nodiscard]] boost::system::result<void, tls_problem> read(const certificate_files& files);
  [[nodiscard]] boost::system::result<void, tls_problem> read_client_ca(const tls_options& options);
  [[nodiscard]] std::vector<const identity*> chosen_for(const char* host) const;
  [[nodiscard]] static int choose(SSL* connection, void* self);

  boost::asio::ssl::context native_;
  std::vector<identity> identities_;
  std::vector<tls_problem> warnings_;
};

} // namespace kodama::net
