/// KVM as far as devices are concerned: virtual machines, the files of devices that they are told of, and
/// what follows for CPU caches. Source: kernel `virt/kvm/vfio.c`, `arch/x86/kvm`.
package iommulab.engine.os.kvm;
