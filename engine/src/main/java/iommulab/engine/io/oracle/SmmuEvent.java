package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.iommu.smmuv3.EventRecord;
import iommulab.engine.memory.PhysicalMemory;

/// An event record in words that can be compared: only the fields that the architecture defines for its
/// type. Of an intermediate address only the page counts.
final class SmmuEvent {
    private static final int STREAM_FETCH = 0x03;
    private static final int DESCRIPTOR_FETCH = 0x09;
    private static final int WALK_ABORT = 0x0b;
    private static final int TRANSLATION = 0x10;

    private SmmuEvent() {}

    /// What a file tells.
    static String told(JsonObject expect) {
        if (expect.get("ok").getAsBoolean()) {
            return "";
        }
        if (!expect.has("event") || expect.get("event").isJsonNull()) {
            return DmaAnswer.UNRECORDED;
        }
        var event = expect.getAsJsonObject("event");
        int type = event.get("type").getAsInt();
        var words = words(type, MemoryImage.bits(event, "sid"));
        if (type == WALK_ABORT || type >= TRANSLATION) {
            words +=
                    access(
                            event.get("rnw").getAsInt(),
                            event.get("s2").getAsInt(),
                            event.get("class").getAsInt(),
                            MemoryImage.bits(event, "addr"));
        }
        if (hasAddress(type, event.has("s2") && event.get("s2").getAsInt() == 1)) {
            words += address(type, MemoryImage.bits(event, "addr2"));
        }
        return words;
    }

    /// What lies in the queue.
    static String read(PhysicalMemory memory, long hpa) {
        var event =
                new EventRecord(
                        memory.read64(hpa),
                        memory.read64(hpa + 8),
                        memory.read64(hpa + 16),
                        memory.read64(hpa + 24));
        int type = event.type();
        var words = words(type, event.stream());
        if (type == WALK_ABORT || type >= TRANSLATION) {
            words +=
                    access(
                            event.isRead() ? 1 : 0,
                            event.isSecondStage() ? 1 : 0,
                            event.eventClass(),
                            event.word2());
        }
        return hasAddress(type, event.isSecondStage())
                ? words + address(type, event.word3())
                : words;
    }

    private static String words(int type, long stream) {
        return "type 0x%02x, stream 0x%04x".formatted(type, stream);
    }

    private static String access(int read, int secondStage, int eventClass, long address) {
        return ", %s at 0x%x, stage %d, class %d"
                .formatted(read == 1 ? "read" : "write", address, secondStage + 1, eventClass);
    }

    private static boolean hasAddress(int type, boolean secondStage) {
        return type == STREAM_FETCH
                || type == DESCRIPTOR_FETCH
                || type == WALK_ABORT
                || type >= TRANSLATION && secondStage;
    }

    private static String address(int type, long address) {
        return ", address 0x%x".formatted(type >= TRANSLATION ? address & -4096L : address);
    }
}
