package iommulab.engine.session;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.traffic.TrafficSource;

import java.util.Optional;
import java.util.OptionalInt;

/// Something a user, a lesson or a file can ask of the machine. A value: it can be compared, printed,
/// saved and run again.
public sealed interface Command {

    // ---- PCI

    /// Writes configuration bytes of a function, as `setpci` would. Editing an ACS bit is this.
    ///
    /// @param offset in bytes
    /// @param width 1, 2 or 4 bytes
    record WriteConfig(PciAddress function, int offset, int width, int value) implements Command {}

    /// Removes a function and everything below it, as `echo 1 > remove` would.
    record RemoveFunction(PciAddress function) implements Command {}

    /// Binds a function to a driver, or to none.
    ///
    /// @param driver such as `vfio-pci`; empty unbinds
    record BindDriver(PciAddress function, Optional<String> driver) implements Command {}

    // ---- domains

    /// Makes a domain on the IOMMU that serves a function.
    ///
    /// @param like a function below the IOMMU in question
    /// @param type [DomainType#UNMANAGED], [DomainType#IDENTITY] or [DomainType#BLOCKED]
    /// @param levels of the page table: 3, 4 or 5 (39, 48 or 57 bits of iova); 0 for no table
    record CreateDomain(PciAddress like, DomainType type, int levels) implements Command {}

    /// Makes a domain of first-stage tables on the IOMMU that serves a function: for one PASID, or for a
    /// guest that keeps its own tables.
    ///
    /// @param parent number of the domain through which the tables and what they map go (nested); 0 for
    ///     none
    /// @param levels of the page table; 0 for the usual number
    record CreateFirstStage(PciAddress like, int parent, int levels) implements Command {}

    record DeleteDomain(int domain) implements Command {}

    /// Attaches the whole group of a function to a domain.
    record AttachDevice(PciAddress function, int domain) implements Command {}

    /// Gives the group of a function back to its default domain.
    record DetachDevice(PciAddress function) implements Command {}

    /// Lets the requests of a function with a PASID use a domain.
    ///
    /// @param pasid 20 bits
    record AttachPasid(PciAddress function, int pasid, int domain) implements Command {}

    record DetachPasid(PciAddress function, int pasid) implements Command {}

    /// @param iova first address the device will use, multiple of the smallest page
    /// @param hpa where it leads, multiple of the smallest page
    /// @param bytes multiple of the smallest page: 4 KiB, 2 KiB on the IOMMU of the kernel's self-test
    record MapPages(int domain, long iova, long hpa, long bytes, Permissions permissions)
            implements Command {}

    /// @param flush whether the driver sends the invalidation that the change needs; false forgets it
    record UnmapPages(int domain, long iova, long bytes, boolean flush) implements Command {}

    // ---- the IOMMU

    /// @param unit name of the IOMMU
    record SetTranslation(String unit, boolean enabled) implements Command {}

    /// Sends one invalidation to an IOMMU.
    ///
    /// @param viaQueue by the invalidation queue; else by register
    /// @param waits whether the kernel waits until it is done, and gives up devices that do not answer; else
    ///     a queue that waits for a device stays as it is
    record Invalidate(String unit, Invalidation what, boolean viaQueue, boolean waits)
            implements Command {
        /// One that the kernel waits for.
        public Invalidate(String unit, Invalidation what, boolean viaQueue) {
            this(unit, what, viaQueue, true);
        }
    }

    /// Acknowledges the recorded faults of an IOMMU.
    record ClearFaults(String unit) implements Command {}

    /// Gives a cache another shape; it is empty afterwards.
    record SetCacheGeometry(String unit, CacheKind cache, CacheGeometry geometry)
            implements Command {}

    // ---- the device's side

    /// Switches a function's translation services (ATS) on or off, in the function and in its entry of the
    /// IOMMU: on, it keeps translations in a TLB of its own. Switching them off switches page requests off.
    record SetAts(PciAddress function, boolean enabled) implements Command {}

    /// Switches a function's page requests (PRI) on or off; its ATS must be on.
    record SetPageRequests(PciAddress function, boolean enabled) implements Command {}

    /// Lets a function answer invalidations of its TLB, or hang: it forgets, but does not say so, and the
    /// IOMMU gives it up when the time is over.
    record SetAnswering(PciAddress function, boolean answering) implements Command {}

    /// Lets a function ask for pages, as one group.
    ///
    /// @param iova in the first page
    /// @param pages 1 to 32
    record RequestPages(
            PciAddress function, long iova, int pages, Access access, PasidPrefix prefix)
            implements Command {}

    /// The kernel answers a group of page requests. With success the device tries again.
    ///
    /// @param group 9 bits
    record AnswerPages(PciAddress function, int group, PageResponse response) implements Command {}

    // ---- memory and cost

    /// Writes one 64-bit word of memory, as a debugger would. Invalidates nothing.
    ///
    /// @param hpa multiple of 8
    record WriteMemory(long hpa, long value) implements Command {}

    /// @param event what costs
    /// @param cycles 0 to 1,000,000
    record SetCost(CostEvent event, long cycles) implements Command {}

    // ---- traffic

    /// Adds a source, or replaces the one with the same id.
    record SetSource(TrafficSource source) implements Command {}

    record RemoveSource(int id) implements Command {}

    /// Runs the sources for a number of requests.
    record RunTraffic(long requests) implements Command {}

    /// Lets one function make one request.
    ///
    /// @param prefix its PASID prefix, if it has one
    /// @param type what it says of its address; untranslated is what the device makes of it: with a TLB
    ///     of its own it asks first
    /// @param data what a write of 4 bytes carries, as a little-endian number; the payload of others is
    ///     counted, not stored
    record IssueDma(
            PciAddress function,
            long iova,
            int bytes,
            Access access,
            PasidPrefix prefix,
            AddressType type,
            OptionalInt data)
            implements Command {
        /// A request whose payload nobody looks at.
        public IssueDma(
                PciAddress function,
                long iova,
                int bytes,
                Access access,
                PasidPrefix prefix,
                AddressType type) {
            this(function, iova, bytes, access, prefix, type, OptionalInt.empty());
        }

        /// A request as the device would send it.
        public IssueDma(
                PciAddress function, long iova, int bytes, Access access, PasidPrefix prefix) {
            this(function, iova, bytes, access, prefix, AddressType.UNTRANSLATED);
        }

        /// A request without a PASID prefix.
        public IssueDma(PciAddress function, long iova, int bytes, Access access) {
            this(function, iova, bytes, access, PasidPrefix.NONE);
        }
    }

    // ---- the operating system

    /// A call of the kernel, in the words of [iommulab.engine.os.call.Vocabulary].
    record KernelCall(Call call) implements Command {}
}
