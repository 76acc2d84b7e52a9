package io.hbone.enrollment.operator;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Enrolled namespaces and their service accounts, as a test says. */
final class FakeAccounts implements Accounts {
    private final Map<String, Set<String>> namespaces = new TreeMap<>();

    /** Has exactly these service accounts in a namespace that is enrolled. */
    FakeAccounts enroll(String namespace, String... accounts) {
        namespaces.put(namespace, new TreeSet<>(Set.of(accounts)));
        return this;
    }

    void unenroll(String namespace) {
        namespaces.remove(namespace);
    }

    @Override
    public Set<String> namespaces() {
        return Set.copyOf(namespaces.keySet());
    }

    @Override
    public boolean isEnrolled(String namespace) {
        return namespaces.containsKey(namespace);
    }

    @Override
    public Set<String> of(String namespace) {
        return namespaces.getOrDefault(namespace, Set.of());
    }
}
