package io.hbone.enrollment.operator;

import io.hbone.enrollment.kubernetes.WorkQueue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the entries of namespaces what they should be. It lists the server's entries once, and then remembers what it did; after any
 * doubt it lists them again. Then all of its own count, also those of namespaces that nobody has mentioned: what is left of a namespace
 * that went while no operator was there goes, too.
 *
 * <p>Used by one thread, but for {@link #doubt()}.
 */
final class EntryReconciler implements WorkQueue.Handler<String> {
    private static final Logger logger = LoggerFactory.getLogger(EntryReconciler.class);

    private final Accounts accounts;
    private final EntryTemplate template;
    private final EntryBatches batches;
    private final EntryApi api;
    private final Consumer<NamespaceReport> reports;

    /** What the server has of ours, by id. */
    private final Map<String, RegistrationEntry> held = new HashMap<>();

    /** The same, as ids by namespace. */
    private final Map<String, Set<String>> heldIn = new HashMap<>();

    private volatile boolean doubtful = true;
    private boolean listed;

    /** How often in a row the server was away. */
    private int outages;

    /** @param reports hears of every namespace that was looked at */
    EntryReconciler(
            Accounts accounts,
            EntryTemplate template,
            EntryApi api,
            EntryBatches batches,
            Consumer<NamespaceReport> reports) {
        this.accounts = accounts;
        this.template = template;
        this.api = api;
        this.batches = batches;
        this.reports = reports;
    }

    /** What is remembered may not be so: the next time, whatever it is about, begins with a look at the server. Any thread. */
    void doubt() {
        doubtful = true;
    }

    /** @throws SpireException when the server is away; what it has done before is found out the next time */
    @Override
    public Set<String> handle(List<String> keys) {
        Set<String> namespaces = new LinkedHashSet<>(keys);
        Map<String, Plan> plans = new LinkedHashMap<>();
        try {
            if (doubtful) {
                list();
                namespaces.addAll(accounts.namespaces());
                namespaces.addAll(heldIn.keySet());
            }
            namespaces.forEach(namespace -> plans.put(namespace, plan(namespace)));
            // First what is new: an identity that moves must not be gone in between.
            apply(plans.values());
        } catch (SpireException e) {
            doubtful = true;
            if (outages++ > 0) { // what is over by the next try need not be told everywhere
                namespaces.addAll(accounts.namespaces());
                namespaces.forEach(namespace -> reportOutage(namespace, e));
            }
            throw e;
        }
        outages = 0;
        Set<String> failed = new HashSet<>();
        for (Plan plan : plans.values()) {
            report(plan);
            if (!plan.problems.isEmpty()) {
                failed.add(plan.namespace);
            }
        }
        return failed;
    }

    /** Who has all that is wanted has it also while the server is away. */
    private void reportOutage(String namespace, SpireException outage) {
        Plan plan = listed ? plan(namespace) : new Plan(namespace, accounts.isEnrolled(namespace));
        if (!listed || !plan.isDone()) {
            plan.problems.add(String.valueOf(outage.getMessage()));
        }
        report(plan);
    }

    private void list() {
        List<RegistrationEntry> found = api.list(template::owns);
        held.clear();
        heldIn.clear();
        found.forEach(this::remember);
        listed = true;
        doubtful = false;
    }

    private Plan plan(String namespace) {
        Plan plan = new Plan(namespace, accounts.isEnrolled(namespace));
        for (String account : accounts.of(namespace)) {
            try {
                RegistrationEntry entry = template.of(namespace, account);
                plan.wanted.put(entry.id(), entry);
            } catch (IllegalArgumentException e) {
                plan.problems.add("service account " + account + " cannot have an identity: " + e.getMessage());
            }
        }
        plan.wanted.forEach((id, entry) -> {
            RegistrationEntry there = held.get(id);
            if (there == null) {
                plan.missing.add(entry);
            } else if (!there.equals(entry)) {
                plan.different.add(entry);
            }
        });
        for (String id : heldIn.getOrDefault(namespace, Set.of())) {
            if (!plan.wanted.containsKey(id)) {
                plan.leftOver.add(id);
            }
        }
        return plan;
    }

    private void apply(Collection<Plan> plans) {
        batches.send(EntryBatches.Method.CREATE, plans, plan -> plan.missing, api::create, (plan, entry, result) -> {
            switch (result.code()) {
                case OK -> remember(entry);
                case ALREADY_EXISTS -> exists(plan, entry, result);
                default -> plan.failed(entry.spiffeId().toString(), "register", result);
            }
        });
        batches.send(EntryBatches.Method.UPDATE, plans, plan -> plan.different, api::update, (plan, entry, result) -> {
            switch (result.code()) {
                case OK -> remember(entry);
                case NOT_FOUND -> {
                    forget(entry.id());
                    plan.failed(entry.spiffeId().toString(), "change", result);
                }
                default -> plan.failed(entry.spiffeId().toString(), "change", result);
            }
        });
        // One to which somebody gave another namespace's name is left over there, and was put right here.
        Set<String> wanted = new HashSet<>();
        plans.forEach(plan -> wanted.addAll(plan.wanted.keySet()));
        plans.forEach(plan -> plan.leftOver.removeAll(wanted));
        batches.send(EntryBatches.Method.DELETE, plans, plan -> plan.leftOver, api::delete, (plan, id, result) -> {
            switch (result.code()) {
                case OK, NOT_FOUND -> forget(id);
                default -> plan.failed("entry " + id, "remove", result);
            }
        });
    }

    /** Something like it is there already, and the server has left that as it was. */
    private void exists(Plan plan, RegistrationEntry entry, EntryApi.Result result) {
        RegistrationEntry there = result.existing();
        if (there == null) {
            // Its id is taken by an entry that looks otherwise: the next list will have it.
            doubtful = true;
            plan.failed(entry.spiffeId().toString(), "register", result);
        } else if (!template.owns(there.id())) {
            plan.foreign++;
            logger.debug("{} is registered by somebody else, as {}", entry.spiffeId(), there.id());
        } else {
            remember(there);
            if (!there.equals(entry)) {
                plan.different.add(entry);
            }
        }
    }

    private void remember(RegistrationEntry entry) {
        forget(entry.id());
        held.put(entry.id(), entry);
        heldIn.computeIfAbsent(entry.namespace(), namespace -> new HashSet<>()).add(entry.id());
    }

    private void forget(String id) {
        RegistrationEntry before = held.remove(id);
        if (before != null) {
            heldIn.computeIfPresent(before.namespace(), (namespace, ids) -> {
                ids.remove(id);
                return ids.isEmpty() ? null : ids;
            });
        }
    }

    private void report(Plan plan) {
        int registered = (int) plan.wanted.entrySet().stream()
                .filter(each -> each.getValue().equals(held.get(each.getKey())))
                .count();
        reports.accept(new NamespaceReport(
                plan.namespace,
                plan.enrolled,
                plan.wanted.size(),
                registered,
                plan.foreign,
                NamespaceReport.problem(plan.problems)));
    }

    /** What is to be done about one namespace, and what became of it. */
    private static final class Plan {
        private final String namespace;
        private final boolean enrolled;
        private final Map<String, RegistrationEntry> wanted = new LinkedHashMap<>();
        private final List<RegistrationEntry> missing = new ArrayList<>();
        private final List<RegistrationEntry> different = new ArrayList<>();
        private final List<String> leftOver = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();
        private int foreign;

        Plan(String namespace, boolean enrolled) {
            this.namespace = namespace;
            this.enrolled = enrolled;
        }

        /** As far as it was known when it was made. */
        boolean isDone() {
            return missing.isEmpty() && different.isEmpty() && leftOver.isEmpty();
        }

        void failed(String what, String doing, EntryApi.Result result) {
            problems.add(
                    "the SPIRE server did not " + doing + " " + what + ": " + result.code() + " " + result.message());
        }
    }
}
