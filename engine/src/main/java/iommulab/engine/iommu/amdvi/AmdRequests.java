package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.memory.PhysicalMemory;

/// An AMD IOMMU where a request arrives: what the entry of its device says is to be done with it.
public abstract sealed class AmdRequests extends AmdTranslation permits AmdUnit {
    private final DeviceTable deviceTable;

    AmdRequests(
            AmdCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean looksOnly) {
        super(capabilities, memory, shapes, seed, looksOnly);
        deviceTable = new DeviceTable(memory, capabilities);
    }

    final void tellDeviceProbe() {
        tellProbe(CacheKind.DEVICE_ENTRY, devices.lines());
    }

    // ---- what is apart from it

    final long apart(int requester, int pasid, int access) {
        boolean interrupt = pasid < 0 && AddressHoles.isInterrupt(lastIova);
        if (translating && !interrupt) {
            return answer(requester, pasid, access);
        }
        lastWho = who(requester, pasid, 0);
        lastFacts = access;
        if (interrupt) {
            return ended(STAGE_UNTRANSLATED, INTERRUPT_WINDOW);
        }
        if ((access & ASKS) != 0) {
            return granted(STAGE_UNTRANSLATED, identity(), PLAIN);
        }
        return ended(STAGE_UNTRANSLATED, lastIova < 0 ? NOWHERE : UNCHANGED);
    }

    final long answer(int requester, int pasid, int access) {
        int facts = access;
        if (pasid >= 0 && (access & (TRANSLATED | ASKS)) == 0) {
            long known = pasids.find(requester, pasid);
            if (known != PasidEntryCache.MISS) {
                lastWho = who(requester, pasid, PasidEntry.space(known));
                lastFacts = facts | PASID_HIT | SPACE_KNOWN;
                return byGuestTable(known);
            }
        }
        long entry = devices.find(requester);
        if (entry != DeviceEntryCache.MISS) {
            facts |= DEVICE_HIT;
        } else {
            entry = readDeviceEntry(requester, pasid, access);
            if (entry == DeviceEntryCache.MISS) {
                return lastWord;
            }
            facts = lastFacts;
        }
        return byKind(requester, pasid, facts, entry);
    }

    /// The cache has no entry of the device: reads it from memory.
    ///
    /// @return the entry, packed; or [DeviceEntryCache#MISS] if the request ends here
    final long readDeviceEntry(int requester, int pasid, int access) {
        lastWho = who(requester, pasid, 0);
        lastFacts = access;
        devices.countMiss(requester);
        tellDeviceProbe();
        var fault = deviceTable.read(deviceTableBase(), requester, guestTranslation, observer);
        countReads(deviceTable.reads());
        if (fault != null) {
            boolean unreadable = fault == AmdFault.DEVICE_TABLE_UNREADABLE;
            long where =
                    DeviceTable.table(deviceTableBase())
                            + (long) requester * DeviceTableEntry.BYTES;
            stop(fault, STAGE_DEVICE, 0, pasid >= 0, unreadable ? where : lastIova);
            return DeviceEntryCache.MISS;
        }
        long first = deviceTable.first();
        long packed = DeviceTableEntry.INVALID;
        long more = 0;
        if (DeviceTableEntry.isValid(first)) {
            more =
                    DeviceTableEntry.detail(
                            first,
                            deviceTable.second(),
                            deviceTable.third(),
                            guestTranslation,
                            capabilities().guestWithoutPasid());
            packed = pack(first, more);
        }
        detail = more;
        devices.insert(requester, packed, more);
        return packed;
    }

    private long pack(long first, long more) {
        if (!DeviceTableEntry.isTranslationValid(first)) {
            return DeviceTableEntry.NO_TRANSLATION;
        }
        int domain = DeviceTableEntry.domain(deviceTable.second());
        caches().makeRoom();
        return DeviceTableEntry.pack(first, caches().space(domain, Spaces.NONE), more);
    }

    // ---- by what the device's entry says

    final long byKind(int requester, int pasid, int facts, long entry) {
        lastWho = who(requester, pasid, DeviceTableEntry.space(entry));
        lastFacts = facts;
        if ((facts & DEVICE_HIT) != 0) {
            tellDeviceProbe();
        }
        long kind = entry & DeviceTableEntry.KIND;
        if (kind == DeviceTableEntry.UNTRANSLATED) {
            return DeviceTableEntry.rights(entry) == 0
                    ? ended(STAGE_DEVICE, ABORTED)
                    : unchanged(PLAIN);
        }
        lastFacts |= SPACE_KNOWN;
        long more = detailOf();
        boolean askedTooMuch =
                !quiet
                        && (facts & (TRANSLATED | ASKS)) != 0
                        && ((more & DeviceTableEntry.DEVICE_TLB) == 0
                                || !capabilities().deviceTlb());
        boolean guest = (more & DeviceTableEntry.GV) != 0;
        if (askedTooMuch || pasid >= 0 && !guest) {
            return stop(AmdFault.TRANSLATION_REFUSED, STAGE_DEVICE, more, pasid >= 0, lastIova);
        }
        if ((facts & TRANSLATED) != 0) {
            return unchanged(PLAIN);
        }
        if (pasid >= 0) {
            return throughGcr3(pasid, entry, more);
        }
        return inHole() ? specialAddress(entry, more) : withoutPasid(entry, more);
    }

    /// A plain request without PASID whose page is not where it was seen last, and whose device goes by
    /// its host table.
    final long searchHost(long entry, long iova) {
        tellDeviceProbe();
        long word = findElsewhere(iova);
        int access = lastFacts & PLAIN;
        if (word != Iotlb.MISS) {
            return (word & entry & access) == access ? hit(word) : hostHit(word, entry);
        }
        return inHole() ? specialAddress(entry, detailOf()) : walkHost(entry, iova, false);
    }

    private long withoutPasid(long entry, long more) {
        long kind = entry & DeviceTableEntry.KIND;
        if (kind == DeviceTableEntry.BY_GUEST_TABLE) {
            return throughGcr3(0, entry, more);
        }
        if (kind == DeviceTableEntry.BY_HOST_TABLE) {
            return byHostTable(entry);
        }
        int rights = DeviceTableEntry.rights(entry);
        return (lastFacts & PLAIN & ~rights) == 0 || (lastFacts & ASKS) != 0
                ? unchanged(rights)
                : stop(AmdFault.RIGHT_MISSING, STAGE_DEVICE, more, false, lastIova);
    }

    /// The address stays as it is.
    private long unchanged(int rights) {
        return (lastFacts & ASKS) != 0
                ? granted(STAGE_DEVICE, identity(), rights)
                : ended(STAGE_DEVICE, lastIova < 0 ? NOWHERE : UNCHANGED);
    }

    private long identity() {
        return TableEntry.leaf(lastIova & Iotlb.ADDRESS, 12, PLAIN);
    }

    // ---- addresses with a meaning of their own

    private boolean inHole() {
        return AddressHoles.isManagement(lastIova)
                || AddressHoles.isPort(lastIova)
                || holes.isExcluded(lastIova);
    }

    private boolean isExcluded(long more) {
        return holes.isExcluded(lastIova)
                && (holes.excludedForAll() || (more & DeviceTableEntry.EXCLUSION) != 0);
    }

    private long specialAddress(long entry, long more) {
        if (isExcluded(more)) {
            return unchanged(PLAIN);
        }
        boolean write = (lastFacts & WRITE) != 0;
        if (AddressHoles.isPort(lastIova)) {
            return switch (DeviceTableEntry.portAccess(more)) {
                case 1 -> unchanged(PLAIN);
                case 2 -> withoutPasid(entry, more);
                default -> stop(AmdFault.PORT_REFUSED, STAGE_DEVICE, more, false, lastIova);
            };
        }
        int management = DeviceTableEntry.systemManagement(more);
        if (management == 3 || !AddressHoles.isManagement(lastIova)) {
            return withoutPasid(entry, more);
        }
        // What 2 lets through are INTx messages, which no DMA is.
        return management == 1 && write
                ? unchanged(WRITE)
                : stop(AmdFault.MANAGEMENT_REFUSED, STAGE_DEVICE, more, false, lastIova);
    }

    // ---- for who looks

    /// The packed entry of a device as memory has it now; 0 if that gives none. See [#detail].
    final long freshEntry(int requester) {
        lastIova = 0;
        return readDeviceEntry(requester, NO_PASID, READ);
    }

    /// The packed entry of a PASID as memory has it now; not positive if that gives none.
    ///
    /// @param entry that [#freshEntry] gave
    final long freshPasidEntry(long entry, int requester, int pasid) {
        if (entry == 0 || (detail & DeviceTableEntry.GV) == 0) {
            return 0;
        }
        lastWho = who(requester, pasid, DeviceTableEntry.space(entry));
        return found(pasidEntry(entry, detail, Origin.of(requester, pasid), 0), detail);
    }

    /// @param answer of a walk; if it failed, [#lastFault] tells why
    private long found(long answer, long more) {
        if (answer < 0) {
            walkFailed(more);
        }
        return answer;
    }

    /// The leaf for an address of a device's space as memory has it now; negative if that gives none.
    ///
    /// @param address as caches are tagged with it
    final long freshLeaf(int requester, int pasid, long address) {
        long entry = freshEntry(requester);
        if (entry == 0) {
            return -1;
        }
        long more = detail;
        if (pasid < 0) {
            return found(
                    walks.byHostTable(entry, DeviceTableEntry.hostMarks(more), address, 0, 0, 0),
                    more);
        }
        long known = freshPasidEntry(entry, requester, pasid);
        if (known <= 0) {
            return -1;
        }
        int unused = PasidEntry.unusedBits(known);
        long behind = PasidEntry.behind(entry, more);
        return found(walks.byGuestTable(known, behind, address << unused >> unused, 0, 0, 0), more);
    }
}
