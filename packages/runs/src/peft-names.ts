import type { Site } from '@tessera/vocabulary'

/** What PEFT calls a site's LoRA factors in adapter_model.safetensors. */
export function loraKeys({ name }: Site): { readonly a: string; readonly b: string } {
  return { a: `base_model.model.${name}.lora_A.weight`, b: `base_model.model.${name}.lora_B.weight` }
}
