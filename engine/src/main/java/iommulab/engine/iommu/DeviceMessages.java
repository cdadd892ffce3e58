package iommulab.engine.iommu;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The messages between an IOMMU and the devices that have a TLB: invalidations that wait for their
/// completion, and responses to page requests.
/// Spec: PCI Express, "ATS Invalidations", "Page Request Services".
public final class DeviceMessages {
    /// Tags of open invalidations: 5 bits.
    private static final int TAGS = 32;

    private static final int FREE = -1;

    private final Map<Integer, AtsDevice> devices = new HashMap<>();
    /* By tag: the requester whose completion is missing. */
    private final int[] open = new int[TAGS];
    private int nextTag;

    /// Nothing is open, nobody listens.
    public DeviceMessages() {
        Arrays.fill(open, FREE);
    }

    /// The open invalidations, as a checkpoint remembers them.
    public static final class State {
        private final int[] open;
        private final int nextTag;

        private State(int[] open, int nextTag) {
            this.open = open;
            this.nextTag = nextTag;
        }
    }

    public State state() {
        return new State(open.clone(), nextTag);
    }

    public void restore(State then) {
        System.arraycopy(then.open, 0, open, 0, TAGS);
        nextTag = then.nextTag;
    }

    /// 0 if nothing is open and nothing was ever sent.
    public long stateHash() {
        return nextTag == 0 && openInvalidations() == 0 ? 0 : Arrays.hashCode(open) * 31L + nextTag;
    }

    /// Whom messages for a requester reach. Wiring, not state.
    public void connect(int requester, AtsDevice device) {
        devices.put(requester, device);
    }

    public int openInvalidations() {
        int count = 0;
        for (int requester : open) {
            count += requester == FREE ? 0 : 1;
        }
        return count;
    }

    /// Requester IDs whose completion is missing, none twice.
    public List<Integer> awaitedDevices() {
        return Arrays.stream(open)
                .filter(requester -> requester != FREE)
                .distinct()
                .boxed()
                .toList();
    }

    /// Tells a device to forget. A requester behind which no device listens has nothing to forget.
    ///
    /// @return false if there is no free tag: the queue has to wait
    public boolean invalidate(
            int requester, int pasid, long iova, int rangeShift, boolean allPasids) {
        var device = devices.get(requester);
        if (device == null) {
            return true;
        }
        int tag = freeTag();
        if (tag == FREE) {
            return false;
        }
        open[tag] = requester;
        nextTag = (tag + 1) % TAGS;
        device.invalidate(pasid, iova, rangeShift, allPasids, tag);
        return true;
    }

    private int freeTag() {
        for (int i = 0; i < TAGS; i++) {
            int tag = (nextTag + i) % TAGS;
            if (open[tag] == FREE) {
                return tag;
            }
        }
        return FREE;
    }

    /// @return false if no such invalidation is open
    public boolean complete(int requester, int tag) {
        if (tag < 0 || tag >= TAGS || open[tag] != requester) {
            return false;
        }
        open[tag] = FREE;
        return true;
    }

    /// Gives up waiting.
    public void forgetOpen() {
        Arrays.fill(open, FREE);
    }

    public void respond(int requester, int pasid, int group, PageResponse response) {
        @Nullable AtsDevice device = devices.get(requester);
        if (device != null) {
            device.respond(pasid, group, response);
        }
    }

    /// Size and start of a range as device-TLB descriptors and invalidate messages have it: with S, the
    /// lowest zero bit of the address tells the size.
    ///
    /// @return log2 of the size in bytes
    public static int rangeShift(long address, boolean sized) {
        return sized ? Long.numberOfTrailingZeros(~(address | 4095)) + 1 : 12;
    }

    /// PASID of a message, or [Iommu#NO_PASID].
    public static int pasid(boolean present, int pasid) {
        return present ? pasid : Iommu.NO_PASID;
    }
}
