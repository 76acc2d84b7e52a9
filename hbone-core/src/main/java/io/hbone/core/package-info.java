/**
 * The vocabulary and the contracts of HBONE: who a workload is, what a tunnel request says, where a connection goes, who may
 * talk, and what went wrong. Everything here is an immutable value or an interface; nothing here opens a socket.
 *
 * <p>The other modules meet only in these types: a data plane asks an {@link io.hbone.core.IdentitySource}, an {@link
 * io.hbone.core.OutboundRouter}, an {@link io.hbone.core.InboundRouter} and an {@link io.hbone.core.Authorizer}, and reports to a
 * {@link io.hbone.core.ConnectionObserver}, without knowing who implements them.
 */
@NullMarked
package io.hbone.core;

import org.jspecify.annotations.NullMarked;
