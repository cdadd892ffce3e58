package iommulab.app.invalidation;

import iommulab.engine.os.call.Numbers;
import iommulab.engine.os.call.Value;
import iommulab.engine.session.Call;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The structure of one invalidation request as it is filled in: text that may be wrong on purpose. What is
/// empty is left out of the call. Source: kernel `struct iommu_hwpt_invalidate`.
///
/// @param type of the entries
/// @param entryLength bytes of one entry, as the caller says
/// @param entryNumber how many entries, as the caller says
/// @param reserved a field that must be 0
/// @param nullArray whether the pointer to the entries is null
/// @param tail what stands behind the structure
record InvalidationFrame(
        String iommufd,
        int object,
        String type,
        String entryLength,
        String entryNumber,
        String reserved,
        boolean nullArray,
        Tail tail,
        List<SequencedMap<String, String>> entries) {
    private static final int KNOWN_BYTES = 32;
    private static final int TAIL_BYTES = 8;

    InvalidationFrame {
        entries =
                entries.stream()
                        .<SequencedMap<String, String>>map(entry ->
                                Collections.unmodifiableSequencedMap(new LinkedHashMap<>(entry)))
                        .toList();
    }

    /// What stands behind the structure that the kernel knows.
    enum Tail {
        NONE("nothing"),
        ZERO("8 bytes of zero"),
        NONZERO("8 bytes, not zero");

        private final String words;

        Tail(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /// The call that sends it.
    Call call() {
        var fields = new LinkedHashMap<String, Value>();
        fields.put("hwpt_id", Value.of(object));
        fields.put("data_type", Value.of(type));
        fields.put("entries", Value.of(entries.stream().map(InvalidationFrame::entry).toList()));
        put(fields, "entry_num", entryNumber);
        put(fields, "entry_len", entryLength);
        put(fields, "data_ptr", nullArray ? "null" : "");
        put(fields, "reserved", reserved);
        if (tail != Tail.NONE) {
            return Call.of("iommufd.ioctl_raw")
                    .with("iommufd", iommufd)
                    .with("cmd", "IOMMU_HWPT_INVALIDATE")
                    .with("size", Integer.toString(KNOWN_BYTES + TAIL_BYTES))
                    .with("trailing", tail == Tail.ZERO ? "zero" : "nonzero")
                    .with("fields", Value.of(fields).toString());
        }
        var call = Call.of("iommufd.hwpt_invalidate").with("iommufd", iommufd);
        for (var field : fields.entrySet()) {
            call = call.with(field.getKey(), field.getValue().plainText());
        }
        return call;
    }

    private static void put(SequencedMap<String, Value> fields, String name, String text) {
        if (!text.isBlank()) {
            fields.put(name, Value.of(text.strip()));
        }
    }

    /// The calls that send it: one with an array, or one for each command where Linux has no array.
    List<Call> calls() {
        return isOneByOne() ? entries.stream().map(this::command).toList() : List.of(call());
    }

    /// Whether hardware reads each command in the guest's own buffer.
    boolean isOneByOne() {
        return type.equals(EntryKind.AMD.word());
    }

    private Call command(SequencedMap<String, String> entry) {
        return Call.of("guest.command")
                .with("iommufd", iommufd)
                .with("viommu_id", Integer.toString(object))
                .with("cmd", words(entry).toString());
    }

    private static Value words(SequencedMap<String, String> entry) {
        return Value.of(List.of(word(entry, EntryKind.LOW), word(entry, EntryKind.HIGH)));
    }

    private static Value word(SequencedMap<String, String> entry, String name) {
        var text = entry.getOrDefault(name, "").strip();
        return Value.of(text.isEmpty() ? "0" : text);
    }

    /// As the calls have it.
    static Value entry(SequencedMap<String, String> entry) {
        if (entry.containsKey(EntryKind.LOW)) {
            var command = new LinkedHashMap<String, Value>();
            command.put("cmd", words(entry));
            return Value.of(command);
        }
        var fields = new LinkedHashMap<String, Value>();
        entry.forEach((name, text) -> put(fields, name, text));
        return Value.of(fields);
    }

    /// The same frame with an empty array: whether the object knows the type, and nothing else.
    InvalidationFrame probe() {
        return withEntries(List.of());
    }

    /// The same frame without the entries that are done.
    InvalidationFrame from(int done) {
        return withEntries(new ArrayList<>(entries.subList(done, entries.size())));
    }

    private InvalidationFrame withEntries(List<SequencedMap<String, String>> left) {
        return new InvalidationFrame(
                iommufd, object, type, entryLength, "", reserved, nullArray, tail, left);
    }

    /// Whether nothing but an entry can be wrong with it: then a failure is that of the first entry that is
    /// not done.
    boolean isWellFormedFor(InvalidationTarget target) {
        return target.entryType().equals(type)
                && tail != Tail.NONZERO
                && !nullArray
                && isAbsentOr(reserved, 0)
                && isAbsentOr(entryNumber, entries.size())
                && EntryKind.of(type)
                        .filter(kind -> isAbsentOr(entryLength, kind.bytes()))
                        .isPresent();
    }

    private static boolean isAbsentOr(String text, long number) {
        return text.isBlank() || Numbers.read(text.strip()).filter(n -> n == number).isPresent();
    }
}
