package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import java.util.ArrayList;
import java.util.List;

/// What became of one DMA: where its pieces went, and the fault that was recorded.
///
/// @param pieces in order of iova, adjacent ones merged; none if a file does not tell them
/// @param fault the first fault recorded; `nothing recorded` if none was; empty if all went well
record DmaAnswer(List<Piece> pieces, String fault) {
    static final String UNRECORDED = "nothing recorded";

    /// @param hpa where it went, -1 if it was stopped
    record Piece(long iova, long bytes, long hpa) {
        private boolean continuedBy(Piece next) {
            boolean bothStopped = hpa < 0 && next.hpa < 0;
            return bothStopped || hpa >= 0 && next.hpa == hpa + bytes;
        }

        @Override
        public String toString() {
            return hpa < 0 ? "0x%x stopped".formatted(iova) : "0x%x to 0x%x".formatted(iova, hpa);
        }
    }

    DmaAnswer {
        pieces = merged(pieces);
    }

    private static List<Piece> merged(List<Piece> pieces) {
        var merged = new ArrayList<Piece>();
        for (var piece : pieces) {
            if (!merged.isEmpty() && merged.getLast().continuedBy(piece)) {
                var before = merged.removeLast();
                merged.add(new Piece(before.iova(), before.bytes() + piece.bytes(), before.hpa()));
            } else {
                merged.add(piece);
            }
        }
        return List.copyOf(merged);
    }

    static String fault(long reason, long address, long requester, boolean read) {
        return "reason 0x%x, address 0x%x, source 0x%04x, %s"
                .formatted(reason, address, requester, read ? "read" : "write");
    }

    /// Whether this answer agrees with what a file wants. Of a stopped DMA over several pages a file may
    /// tell the fault alone.
    boolean agreesWith(DmaAnswer wanted) {
        return wanted.pieces.isEmpty()
                ? fault.equals(wanted.fault) && pieces.stream().anyMatch(piece -> piece.hpa() < 0)
                : equals(wanted);
    }

    /// Whether both were stopped for the same reason, or neither; the source may differ.
    boolean sameReason(DmaAnswer other) {
        return fault.split(",")[0].equals(other.fault.split(",")[0]);
    }

    /// @param expect as the file has it
    /// @param reasonsTold whether the file tells reasons of stopped DMAs
    static DmaAnswer read(JsonObject expect, long iova, boolean reasonsTold) {
        boolean ok = expect.get("ok").getAsBoolean();
        return new DmaAnswer(pieces(expect, iova), ok ? "" : readFault(expect, reasonsTold));
    }

    /// Where a file says that the pieces of a DMA went.
    static List<Piece> pieces(JsonObject expect, long iova) {
        var pieces = new ArrayList<Piece>();
        if (expect.has("segments")) {
            long at = iova;
            for (var element : expect.getAsJsonArray("segments")) {
                var segment = element.getAsJsonObject();
                long length = segment.get("len").getAsLong();
                long hpa = segment.has("pa") ? MemoryImage.bits(segment, "pa") : -1;
                pieces.add(new Piece(at, length, hpa));
                at += length;
            }
        }
        return pieces;
    }

    private static String readFault(JsonObject expect, boolean reasonsTold) {
        if (!reasonsTold) {
            return "";
        }
        if (!expect.has("fault_reason") || expect.get("fault_reason").isJsonNull()) {
            return UNRECORDED;
        }
        return fault(
                expect.get("fault_reason").getAsLong(),
                MemoryImage.bits(expect, "fault_addr"),
                MemoryImage.bits(expect, "fault_sid"),
                expect.get("fault_type").getAsString().equals("read"));
    }

    @Override
    public String toString() {
        return fault.isEmpty() ? pieces.toString() : pieces + ", " + fault;
    }
}
