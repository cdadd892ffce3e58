package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The contexts that cached stream entries and descriptors name by number: equal entries share one. Numbers
/// are given in the order in which contexts are met, and never change until all are forgotten at once.
final class StreamContexts {
    private static final int MOST = 1 << 14;

    /// What a context was made of.
    private record Key(
            StreamContext.Kind kind, StreamEntry stream, @Nullable ContextDescriptor descriptor) {}

    private final SmmuCapabilities capabilities;
    private final Spaces spaces;
    private final List<StreamContext> contexts;
    private final Map<Key, Integer> numbers;

    StreamContexts(SmmuCapabilities capabilities) {
        this(capabilities, Tag.spaces(), new ArrayList<>(), new HashMap<>());
    }

    private StreamContexts(
            SmmuCapabilities capabilities,
            Spaces spaces,
            List<StreamContext> contexts,
            Map<Key, Integer> numbers) {
        this.capabilities = capabilities;
        this.spaces = spaces;
        this.contexts = contexts;
        this.numbers = numbers;
    }

    StreamContexts copy() {
        return new StreamContexts(
                capabilities, spaces.copy(), new ArrayList<>(contexts), new HashMap<>(numbers));
    }

    Spaces spaces() {
        return spaces;
    }

    /// Whether the next new context might find no number: then everything is to be forgotten.
    boolean isFull() {
        return contexts.size() == MOST;
    }

    /// Forgets all contexts and spaces. No cache may hold the number of one.
    void clear() {
        contexts.clear();
        numbers.clear();
        spaces.clear();
        Tag.reserve(spaces);
    }

    /// The word that a cache line holds for a context.
    long word(StreamContext.Kind kind, StreamEntry stream, @Nullable ContextDescriptor descriptor) {
        int number = numbers.computeIfAbsent(new Key(kind, stream, descriptor), this::add);
        return contexts.get(number).word(number, capabilities);
    }

    private Integer add(Key key) {
        contexts.add(
                new StreamContext(
                        key.kind(), key.stream(), key.descriptor(), capabilities, spaces));
        return contexts.size() - 1;
    }

    /// The context that a word names.
    StreamContext of(long word) {
        return contexts.get(StreamContext.number(word));
    }

    long stateHash() {
        long hash = spaces.stateHash();
        for (var context : contexts) {
            hash = hash * 31 + context.kind().ordinal();
            hash = hash * 31 + context.stream().hashCode();
            hash = hash * 31 + (context.descriptor() == null ? 0 : context.descriptor().hashCode());
        }
        return hash;
    }
}
