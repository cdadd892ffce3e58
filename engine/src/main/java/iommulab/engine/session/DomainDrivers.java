package iommulab.engine.session;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.os.Domain;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.LinkedHashSet;
import java.util.Set;

/// The drivers that carry out what the kernel's IOMMU core wants of a domain. A driver's refusal becomes a
/// failed call. One engine thread owns it.
final class DomainDrivers {
    private final Machine machine;

    DomainDrivers(Machine machine) {
        this.machine = machine;
    }

    Domain domain(int number) {
        return machine.domains
                .find(number)
                .orElseThrow(() -> new IllegalStateException("there is no domain " + number));
    }

    IommuDriver driver(int unit) {
        return machine.units.get(unit).driver();
    }

    /// @throws CallFailed (EOPNOTSUPP) if the engine does not execute an IOMMU
    void requireEmulated(int unit) throws CallFailed {
        if (!machine.units.get(unit).isEmulated()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s is no IOMMU that the engine executes."
                            .formatted(machine.units.get(unit).name()));
        }
    }

    /// The drivers of all IOMMUs on which a domain is in use, and of that for which it was made.
    Set<IommuDriver> driversOf(Domain domain) {
        var drivers = new LinkedHashSet<IommuDriver>();
        drivers.add(driver(domain.identity().unit()));
        machine.domains
                .groups
                .in(domain.id())
                .forEach(group -> drivers.add(driver(machine.domains.groups.unitOf(group))));
        for (var use : machine.domains.pasids.in(domain.id())) {
            var unit = machine.wiring().unitOf().get(use.function());
            if (unit != null) {
                drivers.add(driver(unit));
            }
        }
        return drivers;
    }

    /// Sends the invalidations that a change of a domain's tables needs, to every IOMMU that uses it.
    void flush(Domain domain, TableChange change) {
        for (var driver : driversOf(domain)) {
            driver.flushUnmapped(domain.identity().tag(), domain.identity().stage(), change);
        }
    }

    /// The name under which the IOMMU sees a function.
    RequesterId requesterOf(PciAddress function) {
        return machine.path.originOf(function).route().requester();
    }

    // ---- refusals

    /// Something that the drivers may refuse.
    interface Step<T> {
        T take() throws MappingRefused;
    }

    static <T> T passOn(Step<T> step) throws CallFailed {
        try {
            return step.take();
        } catch (MappingRefused refused) {
            throw new CallFailed(refused.errno(), refused.reason());
        }
    }

    /// A step without a result.
    interface Doing {
        void run() throws MappingRefused;
    }

    static void passOnDoing(Doing doing) throws CallFailed {
        try {
            doing.run();
        } catch (MappingRefused refused) {
            throw new CallFailed(refused.errno(), refused.reason());
        }
    }
}
