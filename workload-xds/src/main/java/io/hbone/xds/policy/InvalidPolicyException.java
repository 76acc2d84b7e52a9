package io.hbone.xds.policy;

/** A policy that cannot be enforced as it was meant; the message says where in it what stands, and what was expected. */
public final class InvalidPolicyException extends Exception {
    InvalidPolicyException(String message) {
        super(message);
    }

    InvalidPolicyException(String message, Throwable cause) {
        super(message, cause);
    }
}
