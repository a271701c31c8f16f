#pragma once

#include <caf/behavior.hpp>
#include <caf/detail/behavior_impl.hpp>
#include <caf/message.hpp>
#include <caf/type_erased_tuple.hpp>

#include <type_traits>
#include <typeinfo>
#include <utility>

namespace kodama::runtime {

/// A behavior that hands every message to one function object, whichever of `Messages` it is.
///
/// CAF's own keeps for every handler a match case, its captures and a table entry: 40 bytes each,
/// in every actor: 600 bytes of a session, which has fifteen. This one is as large as its function
/// object, so that one that captures `this` makes 48 bytes in all.
///
/// A message type is const unless its handler changes the message. Handlers return nothing, and
/// nothing is answered for them; our actors make no requests.
template <class Function, class... Messages>
class single_function_behavior final : public caf::detail::behavior_impl {
public:
  explicit single_function_behavior(Function handle)
      : handle_{std::move(handle)} {
    begin_ = nullptr;
    end_ = nullptr;
  }

  caf::match_case::result invoke(caf::detail::invoke_result_visitor& answer,
                                 caf::type_erased_tuple& content) override {
    if (content.size() != 1)
      return caf::match_case::no_match;
    const auto* type = content.type(0).second;
    if (!type || !(try_one<Messages>(*type, content) || ...))
      return caf::match_case::no_match;
    answer();
    return caf::match_case::match;
  }

private:
  template <class Message>
  bool try_one(const std::type_info& type, caf::type_erased_tuple& content) {
    using Plain = std::remove_const_t<Message>;
    // By address, of which one program has one for each type: comparing names costs a strcmp for
    // every type that is tried.
    if (&type != &typeid(Plain))
      return false;
    if constexpr (std::is_const_v<Message>) {
      handle_(content.template get_as<Plain>(0));
    } else if (content.shared()) {
      // What another actor may still look at is changed in a copy, as CAF does.
      auto own = caf::message::copy(content);
      handle_(own.content().template get_mutable_as<Plain>(0));
    } else {
      handle_(content.template get_mutable_as<Plain>(0));
    }
    return true;
  }

  Function handle_;
};

/// The most frequent message first: they are tried in turn.
template <class... Messages, class Function>
[[nodiscard]] caf::behavior behavior_of(Function handle) {
  return caf::behavior{caf::behavior::impl_ptr{
      caf::make_counted<single_function_behavior<Function, Messages...>>(std::move(handle))}};
}

} // namespace kodama::runtime
