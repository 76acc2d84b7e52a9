package io.hbone.xds.file;

import java.io.IOException;
import java.io.Reader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.ComposerException;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A YAML document whose root maps names to long lists, read item by item: only one item is in memory at a time, where all of them
 * would take twenty times the length of the text. Anchors hold for the whole document, as they should.
 */
final class YamlDocument {
    /** Of a document, in characters: some 300,000 workloads. The library's default of 3 MiB is some thousands. */
    private static final int MAX_LENGTH = 128 << 20;

    private final Items items;
    private final ItemComposer composer;
    private final StandardConstructor constructor;

    /** Gets what is in the document, in its order. */
    interface Items {
        /** Whether the root's value of that name is a list whose items are wanted one by one. */
        boolean isList(String name);

        /** An item of such a list: mappings, lists and values. */
        void item(String list, int index, @Nullable Object value);

        /** The root has a value of that name that is no list, though one was wanted. */
        void noList(String name, @Nullable Object value);

        /**
         * The end.
         *
         * @param others keys of the root that are no such lists; what they map to is not kept
         */
        void end(Map<Object, Object> others);

        /** The document is not a mapping but this; nothing else is told. */
        void noMapping(@Nullable Object value);
    }

    private YamlDocument(Reader text, boolean marks, Items items) {
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(MAX_LENGTH)
                .setAllowDuplicateKeys(false)
                .setUseMarks(marks)
                .build();
        this.items = items;
        composer = new ItemComposer(settings, new StreamReader(settings, text));
        constructor = new StandardConstructor(settings);
    }

    /**
     * Reads all of it.
     *
     * @param marks whether errors say where they are; marks take as much time as all else
     * @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException when it is not YAML, or {@code text} cannot be read
     */
    static void read(Reader text, boolean marks, Items items) throws IOException {
        try (text) {
            new YamlDocument(text, marks, items).read();
        }
    }

    private void read() {
        composer.next(Event.ID.StreamStart);
        if (composer.isNext(Event.ID.StreamEnd)) {
            items.noMapping(null);
            return;
        }
        composer.next(Event.ID.DocumentStart);
        if (composer.isNext(Event.ID.MappingStart)) {
            readRoot();
        } else {
            items.noMapping(construct(composer.node()));
        }
    }

    private void readRoot() {
        composer.next(Event.ID.MappingStart);
        Set<Object> keys = new HashSet<>();
        Map<Object, Object> others = new HashMap<>();
        while (!composer.isNext(Event.ID.MappingEnd)) {
            Node keyNode = composer.node();
            Object key = construct(keyNode);
            if (!keys.add(key == null ? "null" : key)) {
                throw new ComposerException("found duplicate key " + Fields.key(key), keyNode.getStartMark());
            }
            if (key instanceof String name && items.isList(name)) {
                readList(name);
            } else {
                composer.node();
                others.put(key == null ? "null" : key, Boolean.TRUE);
            }
        }
        composer.next(Event.ID.MappingEnd);
        composer.next(Event.ID.DocumentEnd);
        if (!composer.isNext(Event.ID.StreamEnd)) {
            throw new ComposerException("another document begins (expected: one)", composer.mark());
        }
        items.end(others);
    }

    private void readList(String name) {
        if (composer.isPlainList()) {
            composer.next(Event.ID.SequenceStart);
            for (int i = 0; !composer.isNext(Event.ID.SequenceEnd); i++) {
                items.item(name, i, construct(composer.node()));
            }
            composer.next(Event.ID.SequenceEnd);
            return;
        }
        // one that something else refers to, or no list
        Object value = construct(composer.node());
        if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                items.item(name, i, list.get(i));
            }
        } else {
            items.noList(name, value);
        }
    }

    private @Nullable Object construct(Node node) {
        return constructor.constructSingleDocument(Optional.of(node));
    }

    /** The library's composer, asked for one node after the other instead of for a whole document. */
    private static final class ItemComposer extends Composer {
        private final MappingNode parent = new MappingNode(Tag.MAP, List.of(), FlowStyle.BLOCK);

        ItemComposer(LoadSettings settings, StreamReader text) {
            super(settings, new ParserImpl(settings, text));
        }

        Node node() {
            return composeValueNode(parent);
        }

        boolean isNext(Event.ID id) {
            return parser.checkEvent(id);
        }

        /** Whether a list comes that nothing refers to later. */
        boolean isPlainList() {
            return isNext(Event.ID.SequenceStart)
                    && parser.peekEvent() instanceof CollectionStartEvent start
                    && start.getAnchor().isEmpty()
                    && start.isImplicit();
        }

        Optional<Mark> mark() {
            return parser.peekEvent().getStartMark();
        }

        void next(Event.ID expected) {
            Event event = parser.next();
            if (event.getEventId() != expected) {
                throw new IllegalStateException(event + " (expected: " + expected + ")");
            }
        }
    }
}
