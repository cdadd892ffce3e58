package iommulab.engine.session;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.Domain;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.os.device.IommuCore;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.device.UnitTraits;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/// The kernel's IOMMU core on a machine: domains are the machine's domains, and every change is made by
/// the drivers in the tables that hardware walks.
final class MachineIommu implements IommuCore {
    private final Machine machine;

    MachineIommu(Machine machine) {
        this.machine = machine;
    }

    private Domains domains() {
        return machine.domains;
    }

    // ---- what there is

    @Override
    public List<Function> functions() {
        var software = machine.description().software();
        var names = new HashMap<PciAddress, String>();
        software.names().forEach((name, address) -> names.put(address, name));
        var functions = new ArrayList<Function>();
        for (var function : machine.wiring().topology().functions()) {
            var address = function.address();
            var group = machine.wiring().grouping().groupOf(address);
            var unit = machine.wiring().unitOf().get(address);
            functions.add(
                    new Function(
                            address,
                            names.getOrDefault(address, address.toString()),
                            group.isPresent()
                                    ? OptionalInt.of(group.get().id())
                                    : OptionalInt.empty(),
                            unit == null ? OptionalInt.empty() : OptionalInt.of(unit),
                            function.driver(),
                            software.traits().getOrDefault(address, DeviceTraits.USUAL)));
        }
        return functions;
    }

    @Override
    public List<GroupFacts> groups() {
        return machine.wiring().grouping().groups().stream().map(MachineIommu::facts).toList();
    }

    private static GroupFacts facts(Group group) {
        return new GroupFacts(
                group.id(),
                group.members(),
                group.type().sysfs(),
                group.reserved().stream()
                        .map(r -> new ReservedRange(r.start(), r.last(), kind(r.kind())))
                        .toList());
    }

    private static ReservedRange.Kind kind(String sysfs) {
        return switch (sysfs) {
            case "direct" -> ReservedRange.Kind.DIRECT;
            case "direct-relaxable" -> ReservedRange.Kind.DIRECT_RELAXABLE;
            case "msi" -> ReservedRange.Kind.MSI;
            default -> ReservedRange.Kind.RESERVED;
        };
    }

    @Override
    public UnitTraits unit(int number) {
        return IommuHardware.traits(machine.units.get(number));
    }

    @Override
    public void bound(PciAddress address, Optional<String> driver) {
        machine.wiring()
                .topology()
                .find(address)
                .ifPresent(function -> machine.replaceFunction(function.withDriver(driver)));
    }

    @Override
    public boolean isInDefault(int group) {
        return domains().requestersOf(group).isEmpty() || domains().isInDefault(group);
    }

    // ---- domains

    private Domain domain(int number) {
        return domains()
                .find(number)
                .orElseThrow(() -> new IllegalStateException("there is no domain " + number));
    }

    private IommuDriver driver(int unit) {
        return machine.units.get(unit).driver();
    }

    /// The drivers of all IOMMUs on which a domain is in use, and of that for which it was made.
    private Set<IommuDriver> driversOf(Domain domain) {
        var drivers = new LinkedHashSet<IommuDriver>();
        drivers.add(driver(domain.identity().unit()));
        domains()
                .groupsIn(domain.id())
                .forEach(group -> drivers.add(driver(domains().unitOf(group))));
        for (var use : domains().pasids.in(domain.id())) {
            var unit = machine.wiring().unitOf().get(use.function());
            if (unit != null) {
                drivers.add(driver(unit));
            }
        }
        return drivers;
    }

    /// Something that the drivers may refuse.
    private interface Step<T> {
        T take() throws MappingRefused;
    }

    private static <T> T passOn(Step<T> step) throws CallFailed {
        try {
            return step.take();
        } catch (MappingRefused refused) {
            throw new CallFailed(refused.errno(), refused.reason());
        }
    }

    /// A step without a result.
    private interface Doing {
        void run() throws MappingRefused;
    }

    private static void passOnDoing(Doing doing) throws CallFailed {
        try {
            doing.run();
        } catch (MappingRefused refused) {
            throw new CallFailed(refused.errno(), refused.reason());
        }
    }

    private void requireEmulated(int unit) throws CallFailed {
        if (!machine.units.get(unit).isEmulated()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s is no IOMMU that the engine executes."
                            .formatted(machine.units.get(unit).name()));
        }
    }

    @Override
    public int createPaging(int unit, Wanted wanted) throws CallFailed {
        requireEmulated(unit);
        boolean second = wanted.parent() || wanted.dirty();
        var stage = second ? Stage.SECOND : driver(unit).usualStage();
        return passOn(
                        () -> {
                            var domain = domains().createOfStage(unit, stage);
                            if (wanted.snoop()) {
                                domain.enforceSnooping(driver(unit));
                            }
                            return domain;
                        })
                .id();
    }

    @Override
    public int createProcessTable(int unit) throws CallFailed {
        requireEmulated(unit);
        return passOn(() -> domains().createFirstStage(unit, 0, 0)).id();
    }

    @Override
    public int createNested(int unit, int parent, GuestTable table) throws CallFailed {
        if (!domains().guestTables().has(table.number())) {
            throw new CallFailed(
                    "EINVAL", "No guest has made a table %d.".formatted(table.number()));
        }
        return passOn(() -> domains().createOnGuestTable(unit, domain(parent), table.number()))
                .id();
    }

    @Override
    public int createOnGuestEntry(int unit, int parent, GuestEntry entry) throws CallFailed {
        return passOn(() -> domains().createOnGuestEntry(unit, domain(parent), entry)).id();
    }

    @Override
    public Optional<GuestEntry> guestWritesPasid(PciAddress function, int pasid, GuestTable table)
            throws CallFailed {
        var unit = machine.wiring().unitOf().get(function);
        if (unit == null || !machine.units.get(unit).isEmulated()) {
            return Optional.empty();
        }
        var tables = domains().guestTables();
        int number = table.number();
        return passOn(() -> {
            var builder = tables.builder(number, driver(tables.unitOf(number)));
            return tables.writePasid(function, pasid, number, builder, driver(unit));
        });
    }

    @Override
    public GuestTable createGuestTable(int unit) throws CallFailed {
        requireEmulated(unit);
        return new GuestTable(passOn(() -> domains().guestTables().create(unit, driver(unit))));
    }

    @Override
    public void guestMaps(GuestTable table, long gva, long gpa, long bytes, Permissions permissions)
            throws CallFailed {
        var tables = domains().guestTables();
        passOnDoing(() -> {
            var builder = tables.builder(table.number(), driver(tables.unitOf(table.number())));
            builder.map(gva, gpa, bytes, permissions);
            tables.update(table.number(), builder);
        });
    }

    @Override
    public void guestUnmaps(GuestTable table, long gva, long bytes) throws CallFailed {
        var tables = domains().guestTables();
        passOnDoing(() -> {
            var builder = tables.builder(table.number(), driver(tables.unitOf(table.number())));
            if (builder.pagesIn(gva, bytes).equals(PageCounts.NONE)) {
                return;
            }
            builder.unmap(gva, bytes);
            tables.update(table.number(), builder);
        });
    }

    @Override
    public void destroy(int domain) {
        try {
            domains().drop(domain);
        } catch (MappingRefused changedByHand) {
            // Its frames are lost: somebody has overwritten the tables that led to them.
        }
    }

    @Override
    public void map(int number, long iova, long hpa, long bytes, Permissions permissions)
            throws CallFailed {
        var domain = domain(number);
        passOnDoing(() -> {
            var change = domain.map(iova, hpa, bytes, permissions);
            for (var driver : driversOf(domain)) {
                driver.flushMapped(domain.identity().tag(), domain.identity().stage(), change);
            }
        });
    }

    @Override
    public void unmap(int number, long iova, long bytes) throws CallFailed {
        var domain = domain(number);
        passOnDoing(() -> {
            flush(domain, domain.unmap(iova, bytes));
        });
    }

    private void flush(Domain domain, TableChange change) {
        for (var driver : driversOf(domain)) {
            driver.flushUnmapped(domain.identity().tag(), domain.identity().stage(), change);
        }
    }

    @Override
    public void invalidateNested(int number, long iova, long bytes, boolean leavesOnly)
            throws CallFailed {
        var domain = domain(number);
        var all = domain.tables().orElseThrow().limits().everything();
        var range = bytes == -1 ? all : AddressRange.of(iova, bytes);
        flush(domain, new TableChange(range, PageCounts.NONE, List.of(range), !leavesOnly, 0));
    }

    @Override
    public void guestCommand(
            int unit, int parent, Optional<PciAddress> function, long low, long high)
            throws CallFailed {
        int tag = domain(parent).identity().tag();
        int requester = function.map(stream -> requesters(stream).getFirst().raw()).orElse(-1);
        passOnDoing(() -> driver(unit).carryOut(tag, requester, low, high));
    }

    @Override
    public long tableOf(int number) {
        return domain(number).tables().map(tables -> tables.top()).orElse(0L);
    }

    // ---- who uses them

    private boolean isTranslated(int group) {
        return !domains().requestersOf(group).isEmpty();
    }

    @Override
    public void attach(int group, int domain) throws CallFailed {
        if (isTranslated(group)) {
            passOnDoing(() -> domains().move(group, domain(domain)));
        }
    }

    @Override
    public void block(int group) throws CallFailed {
        if (isTranslated(group)) {
            passOnDoing(() -> domains().block(group));
        }
    }

    @Override
    public void useDefault(int group) throws CallFailed {
        if (isTranslated(group)) {
            passOnDoing(() -> domains().backToDefault(group));
        }
    }

    @Override
    public void setDefaultType(int number, String type) throws CallFailed {
        if (!isTranslated(number)) {
            return;
        }
        for (var group : machine.wiring().grouping().groups()) {
            if (group.id() == number) {
                passOnDoing(() -> domains().setDefaultType(group, typeOf(group, type)));
            }
        }
    }

    private static DomainType typeOf(Group group, String type) {
        for (var known : DomainType.values()) {
            if (known.sysfs().equals(type)) {
                return known;
            }
        }
        return group.type();
    }

    private List<RequesterId> requesters(PciAddress function) {
        return List.of(machine.path.originOf(function).route().requester());
    }

    @Override
    public void attachPasid(PciAddress function, int pasid, int domain) throws CallFailed {
        var use = new PasidUse(function, pasid);
        passOnDoing(() -> {
            if (domains().pasids.isAttached(use)) {
                domains().pasids.detach(use, requesters(function));
            }
            domains().pasids.attach(use, domain(domain), requesters(function));
            switchPasidsOn(function);
        });
    }

    /// As `pci_enable_pasid` does: without it the device's requests have no prefix.
    private void switchPasidsOn(PciAddress address) {
        machine.wiring()
                .topology()
                .find(address)
                .ifPresent(function ->
                        Pasid.of(function.config())
                                .filter(capability -> !capability.isEnabled())
                                .ifPresent(capability ->
                                        machine.replaceFunction(
                                                function.withConfig(
                                                        capability.enabled(function.config())))));
    }

    @Override
    public void detachPasid(PciAddress function, int pasid) throws CallFailed {
        var use = new PasidUse(function, pasid);
        if (domains().pasids.isAttached(use)) {
            passOnDoing(() -> domains().pasids.detach(use, requesters(function)));
        }
    }

    // ---- dirty tracking

    @Override
    public void trackDirty(int number, boolean on) throws CallFailed {
        var domain = domain(number);
        passOnDoing(() -> domain.trackDirty(on, driver(domain.identity().unit())));
    }

    @Override
    public void dirtyPages(
            int number, long iova, long bytes, long pageBytes, boolean clear, LongConsumer visitor)
            throws CallFailed {
        var domain = domain(number);
        var pages = new TreeSet<Long>();
        passOnDoing(() -> {
            var change =
                    domain.readDirty(
                            iova,
                            bytes,
                            clear,
                            (start, size) -> {
                                long first = Math.max(start, iova) & -pageBytes;
                                long end = Math.min(start + size, iova + bytes);
                                for (long page = first; page < end; page += pageBytes) {
                                    pages.add(page);
                                }
                            });
            if (clear) {
                flush(domain, change);
            }
        });
        pages.forEach(visitor::accept);
    }

    // ---- page requests

    @Override
    public List<PageAsk> openPageRequests(PciAddress function) {
        var asked = new ArrayList<PageAsk>();
        machine.deviceTlbs
                .find(function)
                .ifPresent(member -> {
                    for (var group : new TreeMap<>(member.device().pages().open()).entrySet()) {
                        var prefix = group.getValue().getFirst().prefix();
                        asked.add(
                                new PageAsk(
                                        prefix.isPresent() ? prefix.pasid() : 0,
                                        group.getKey(),
                                        group.getValue().stream()
                                                .map(page -> page.iova())
                                                .toList()));
                    }
                });
        return asked;
    }

    @Override
    public void answerPages(PciAddress function, int group, PageResponse response) {
        try {
            DeviceCommands.answerPages(machine, function, group, response);
        } catch (CommandRefused gone) {
            // The device was reset or its services were switched off: nobody waits any more.
        }
    }

    // ---- DMA

    @Override
    public IommuCore.Dma dma(
            PciAddress function, long iova, int bytes, boolean write, OptionalInt pasid)
            throws CallFailed {
        var prefix = pasid.isPresent() ? PasidPrefix.of(pasid.getAsInt()) : PasidPrefix.NONE;
        var access = write ? Access.WRITE : Access.READ;
        if (bytes < 1 || !DmaPath.isWithinPage(iova, bytes)) {
            throw new CallFailed(
                    "EINVAL", "A request has at least one byte and stays within 4 KiB.");
        }
        var event =
                machine.traffic.issueOne(
                        new Command.IssueDma(function, iova, bytes, access, prefix));
        var note = event.fault().map(FaultReason::meaning).orElse(event.note());
        return switch (event.outcome()) {
            case FAULT -> new IommuCore.Dma(false, 0, reason(function, pasid), note);
            case BLOCKED -> new IommuCore.Dma(false, 0, "blocked", note);
            default -> new IommuCore.Dma(true, event.target(), "", note);
        };
    }

    /// Why the last request was stopped, in the words of the kernel's users: stages count only where there
    /// are two.
    private String reason(PciAddress function, OptionalInt pasid) {
        var cause =
                Optional.ofNullable(machine.wiring().unitOf().get(function))
                        .flatMap(unit -> machine.units.get(unit).hardware().lastCause())
                        .orElse(StopCause.OTHER);
        boolean nested =
                usedBy(function, pasid).filter(d -> d.identity().parent() != 0).isPresent();
        return switch (cause) {
            case BLOCKED -> "blocked";
            case PASID -> "pasid";
            case FIRST_STAGE_UNMAPPED -> nested ? "s1_unmapped" : "unmapped";
            case FIRST_STAGE_RIGHTS -> nested ? "s1_perm" : "perm";
            case SECOND_STAGE_UNMAPPED -> "unmapped";
            case SECOND_STAGE_RIGHTS -> "perm";
            case OTHER -> "other";
        };
    }

    private Optional<Domain> usedBy(PciAddress function, OptionalInt pasid) {
        var own =
                machine.wiring()
                        .grouping()
                        .groupOf(function)
                        .flatMap(group -> domains().ofGroup(group.id()));
        boolean sharesEntry = own.flatMap(Domain::guest).isPresent();
        return pasid.isPresent() && !sharesEntry
                ? domains().pasids.domainOf(new PasidUse(function, pasid.getAsInt()))
                : own;
    }
}
