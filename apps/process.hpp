#pragma once

namespace kodama::apps {

/// Allows as many open descriptors as the system permits: the usual soft limit of 1024 would end
/// what thousands of connections are meant to show. Without permission we go on with what there is.
void raise_descriptor_limit();

} // namespace kodama::apps
