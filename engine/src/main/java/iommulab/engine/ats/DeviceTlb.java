package iommulab.engine.ats;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The TLB of a device (ATC): translations that its IOMMU told it, with which it sends requests that the
/// IOMMU does not translate again. Translations for a supervisor are kept apart from a user's.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing but on the first request of a
/// PASID.
/// Spec: PCI Express, "Address Translation Services".
public final class DeviceTlb {
    /// Answer of [#translate]: the IOMMU grants nothing of the kind; the device may ask for the page.
    public static final long NO_TRANSLATION = -0x2000;

    private static final int PAGE_SHIFT = 12;
    private static final int WHOLE_SPACE = 57;
    private static final int RIGHTS = Iommu.READ | Iommu.WRITE | Iommu.EXECUTE;
    private static final long ADDRESSES = (1L << WHOLE_SPACE) - 1;
    private static final int USER = 0;
    private static final int SUPERVISOR = 1;

    private final AtsIommu iommu;
    private final int requester;
    private final List<Integer> unanswered = new ArrayList<>();
    private Iotlb translations;
    private Spaces spaces = new Spaces();
    private boolean enabled;
    private boolean answering = true;
    private boolean hit;
    private long questions;

    /// A device TLB, switched off.
    ///
    /// @param requester ID under which the IOMMU knows the device
    /// @param seed of random replacement
    public DeviceTlb(AtsIommu iommu, int requester, CacheGeometry geometry, long seed) {
        this.iommu = iommu;
        this.requester = requester;
        translations = new Iotlb(geometry, seed);
    }

    /// ATS Enable. Off, every request goes out untranslated; what was kept is forgotten.
    public void setEnabled(boolean value) {
        enabled = value;
        forgetAll();
    }

    public boolean isEnabled() {
        return enabled;
    }

    // ---- requests

    /// Sends one request that lies within a 4 KiB page: translated by what the device knows, or by what
    /// it asks its IOMMU first.
    ///
    /// @param pasid 20 bits, or [Iommu#NO_PASID]; the device must be allowed to send it
    /// @param access as in [Iommu#translate], without [Iommu#ASKS] and [Iommu#TRANSLATED]
    /// @return as [Iommu#translate], or [#NO_TRANSLATION]
    public long translate(int pasid, long iova, int access) {
        hit = false;
        if (!enabled) {
            return iommu.translate(requester, pasid, iova, access);
        }
        long word = find(pasid, iova, access);
        if (word == Iotlb.MISS) {
            word = ask(pasid, iova, access);
            if (word == Iommu.INTERRUPT_WINDOW) {
                // The answer says: untranslated requests only.
                return iommu.translate(requester, pasid, iova, access);
            }
        }
        return word < 0 ? word : sendTranslated(pasid, Iotlb.hpa(word, iova), access);
    }

    /// What the device knows already.
    ///
    /// @return a leaf as in [TableEntry], or [Iotlb#MISS] if it knows nothing that allows the access
    public long find(int pasid, long iova, int access) {
        int needs = access & RIGHTS;
        int space = space(pasid, access);
        long word = translations.find(space, iova & ADDRESSES);
        hit = word != Iotlb.MISS && (word & needs) == needs;
        return hit ? word : Iotlb.MISS;
    }

    /// Asks the IOMMU (PCIe address type 01), and keeps what it tells.
    ///
    /// @return a leaf as in [TableEntry], [#NO_TRANSLATION], [Iommu#INTERRUPT_WINDOW] if the answer is to send
    ///     untranslated requests only, or another negative answer as [Iommu#translate]
    public long ask(int pasid, long iova, int access) {
        int needs = access & RIGHTS;
        questions++;
        long word = iommu.translate(requester, pasid, iova, access | Iommu.ASKS);
        if (word < 0) {
            return word;
        }
        if ((word & Iommu.UNTRANSLATED_ONLY) != 0) {
            return Iommu.INTERRUPT_WINDOW;
        }
        if ((word & needs) != needs) {
            return NO_TRANSLATION;
        }
        translations.replace(space(pasid, access), iova & ADDRESSES, word, 0);
        return word;
    }

    /// Sends a request whose address is translated already (PCIe address type 10).
    ///
    /// @return as [Iommu#translate]
    public long sendTranslated(int pasid, long hpa, int access) {
        return iommu.translate(requester, pasid, hpa, access | Iommu.TRANSLATED);
    }

    private int space(int pasid, int access) {
        if (spaces.isFull()) {
            forgetAll();
        }
        return spaces.of((access & Iommu.PRIVILEGED) != 0 ? SUPERVISOR : USER, pasid);
    }

    /// Whether the last request was translated by what the device knew already.
    public boolean lastHit() {
        return hit;
    }

    /// Translation requests sent since power-on.
    public long questions() {
        return questions;
    }

    // ---- invalidation

    /// Forgets a range, and sends the completion; or keeps it back, see [#setAnswering].
    ///
    /// @param rangeShift two to this power is the size in bytes
    /// @param tag ITag of the request
    public void invalidate(int pasid, long iova, int rangeShift, boolean allPasids, int tag) {
        Iotlb.LineTest covered = (space, _) -> allPasids || spaces.inner(space) == pasid;
        if (rangeShift >= WHOLE_SPACE) {
            translations.remove(covered);
        } else {
            translations.remove(covered, iova & ADDRESSES, rangeShift - PAGE_SHIFT);
        }
        if (answering) {
            iommu.invalidationCompleted(requester, tag);
        } else {
            unanswered.add(tag);
        }
    }

    /// Whether it sends completions.
    public boolean isAnswering() {
        return answering;
    }

    /// Invalidations whose completion it owes.
    public int unanswered() {
        return unanswered.size();
    }

    /// A device that hangs forgets, but sends no completions. Those that it owes are sent when it goes on.
    public void setAnswering(boolean value) {
        answering = value;
        while (answering && !unanswered.isEmpty()) {
            iommu.invalidationCompleted(requester, unanswered.removeFirst());
        }
    }

    /// The function is switched off or gone: it knows nothing, owes nothing, and has nothing to forget.
    public void disconnect() {
        setEnabled(false);
        unanswered.clear();
        answering = true;
    }

    private void forgetAll() {
        translations.removeAll();
        spaces.clear();
    }

    // ---- its state

    /// What it would find, without counting or ageing anything.
    ///
    /// @return as [#find]
    public Peek peek(int pasid, long iova, int access) {
        var before = checkpoint();
        boolean hitBefore = hit;
        long word = find(pasid, iova, access);
        var lines = translations.lines();
        var peek = new Peek(word, lines.lastSet(), lines.lastWay(), !lines.isOff());
        restore(before);
        hit = hitBefore;
        return peek;
    }

    /// What a look into a device TLB finds.
    ///
    /// @param word a leaf as in [TableEntry], or [Iotlb#MISS]
    /// @param set where it was looked for
    /// @param way where it is; -1 for a miss
    /// @param exists whether the TLB has any lines
    public record Peek(long word, int set, int way, boolean exists) {
        public boolean isHit() {
            return word != Iotlb.MISS;
        }
    }

    public CacheGeometry geometry() {
        return translations.lines().geometry();
    }

    /// Gives it another shape; it is empty afterwards.
    public void reshape(CacheGeometry geometry) {
        translations = translations.reshaped(geometry);
        spaces.clear();
    }

    /// A device TLB as it was at one instant.
    public record State(
            Iotlb translations,
            Spaces spaces,
            boolean enabled,
            boolean answering,
            List<Integer> unanswered,
            long questions) {
        public State {
            unanswered = List.copyOf(unanswered);
        }
    }

    public State checkpoint() {
        return new State(
                translations.copy(), spaces.copy(), enabled, answering, unanswered, questions);
    }

    public void restore(State then) {
        translations = then.translations().copy();
        spaces = then.spaces().copy();
        enabled = then.enabled();
        answering = then.answering();
        unanswered.clear();
        unanswered.addAll(then.unanswered());
        questions = then.questions();
    }

    /// Hash of everything that decides what the device will send from now on.
    public long stateHash() {
        long hash = translations.lines().stateHash() * 31 + spaces.stateHash();
        hash = hash * 31 + unanswered.hashCode();
        return (hash * 31 + questions) * 31 + (enabled ? 1 : 0) + (answering ? 2 : 0);
    }

    /// What it holds. Stale is a line that its IOMMU, asked now without caches, would not confirm; whoever
    /// can ask it so says so.
    ///
    /// @param staleness asks for one line
    public CacheSnapshot snapshot(StaleTest staleness) {
        return translations
                .lines()
                .snapshot(CacheKind.DEVICE_TLB, requester, line -> line(line, staleness));
    }

    /// Compares what the device knows with what tables say.
    public interface StaleTest {
        /// @param access a right that the line grants, with [Iommu#PRIVILEGED] for a supervisor
        Optional<CacheSnapshot.Staleness> of(
                int requester, int pasid, long iova, int access, long hpa);
    }

    private CacheSnapshot.Line line(int line, StaleTest staleness) {
        long word = translations.word(line);
        int space = translations.spaceAt(line);
        long iova = translations.iovaAt(line);
        long rights = Iotlb.rights(word);
        int privilege = spaces.owner(space) == SUPERVISOR ? Iommu.PRIVILEGED : 0;
        int asked = (rights & Iommu.READ) != 0 ? Iommu.READ : Iommu.WRITE;
        return new CacheSnapshot.Line(
                translations.lines().setOf(line),
                translations.lines().wayOf(line),
                translations.lines().ageOf(line),
                spaces.inner(space),
                iova >>> PAGE_SHIFT,
                TableEntry.address(word),
                1L << Iotlb.pageShift(word),
                words(rights),
                staleness.of(
                        requester,
                        spaces.inner(space),
                        iova,
                        asked | privilege,
                        TableEntry.address(word)));
    }

    private static String words(long rights) {
        return Permissions.of((rights & Iommu.READ) != 0, (rights & Iommu.WRITE) != 0)
                + ((rights & Iommu.EXECUTE) != 0 ? "x" : "");
    }
}
