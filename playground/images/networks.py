"""The families of pipelines: which parts they have, what shape their state has, and how their network is asked.

A family is known by its pipeline's class. Only classes named here are ever made from a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

import torch
from torch import Tensor

from playground.core.fields import BadValue, Record

CLIP = ("CLIPTextModel",)
CLIP_PROJECTED = ("CLIPTextModelWithProjection",)
TOKENIZER = ("CLIPTokenizer", "CLIPTokenizerFast")
T5, T5_TOKENIZER = ("T5EncoderModel",), ("T5Tokenizer", "T5TokenizerFast")
VAE = ("AutoencoderKL",)
TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")

Parts: TypeAlias = dict[str, object]
"""A loaded pipeline: its slots, its model_index.json ("_index") and the library's own pipeline that encodes words ("_encoder"), once it is made."""
Said: TypeAlias = "int | str | None"


class Net(Protocol):
    """What is used of a network of the library."""

    config: Record
    device: torch.device

    def __call__(self, *args: object, **named: object) -> tuple[Tensor, ...]: ...


class Part(Protocol):
    """A part of a pipeline as the library makes it."""

    def eval(self) -> Part: ...
    def requires_grad_(self, wanted: bool) -> Part: ...
    def to(self, device: torch.device) -> Part: ...


class Encoder(Protocol):
    """What is used of a pipeline of the library."""

    vae_scale_factor: int

    def encode_prompt(self, *args: object, **named: object) -> tuple[Tensor, ...]: ...


def whole(value: object) -> int:
    """A whole number of a config. Raises TypeError or ValueError where there is none."""
    if isinstance(value, (int, float, str)):
        return int(value)
    raise TypeError(f"{value!r} is no number")


@dataclass(frozen=True)
class Network:
    """One family. ``parts``: the slots of its pipeline and their classes; ``optional``: slots that may be empty; ``half``: the precision on a GPU."""

    title: str
    net: str
    parts: dict[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()
    half: str = "float16"
    text = False

    def asked(self, parts: Parts) -> Net:
        """The part that predicts."""
        return cast(Net, parts[self.net])

    def classes(self, config: Record) -> int:
        """How many classes its network knows."""
        return 0

    def event(self, config: Record) -> tuple[int, ...]:
        """The state's shape, from the network's config."""
        size = config.get("sample_size")
        h, w = size if isinstance(size, (list, tuple)) else (size, size)
        return whole(config["in_channels"]), whole(h), whole(w)

    def refuses(self, config: Record) -> str:
        """Why a network with this config cannot be used, '' if it can."""
        out, channels = config.get("out_channels"), whole(config["in_channels"])
        if not config.get("sample_size"):
            return "one that says its sample_size"
        return (
            ""
            if out in (None, channels, 2 * channels)
            else f"one that answers in {channels} channels (of its noise, or that and a variance)"
        )

    def condition(self, parts: Parts, said: Said) -> dict[str, Tensor]:
        """What the network is told besides state and time, for a batch of one; ``said`` is a class, words or None."""
        return {}

    def __call__(self, parts: Parts, x: Tensor, index: float, condition: dict[str, Tensor]) -> Tensor:
        """The network's prediction at x (n, *event) of its own scale, of its own dtype and device, at time ``index``: (n, *event)."""
        time = torch.full((len(x),), index, device=x.device, dtype=torch.float32)
        told = {name: value.expand(len(x), *value.shape[1:]) for name, value in condition.items()}
        return self.ask(self.asked(parts), x, time, told)[:, : x.shape[1]]

    def ask(self, net: Net, x: Tensor, time: Tensor, told: dict[str, Tensor]) -> Tensor:
        return net(x, time, return_dict=False)[0]


class Unconditional(Network):
    """A U-Net on pixels (Ho et al. 2020, 2006.11239)."""

    def refuses(self, config: Record) -> str:
        if config.get("class_embed_type") or config.get("num_class_embeds"):
            return "one without classes: of the U-Nets on pixels only unconditional ones are known"
        return super().refuses(config)


class DiT(Network):
    """A transformer on latents with classes, the last of which stands for none (Peebles & Xie 2023, 2212.09748)."""

    def classes(self, config: Record) -> int:
        return whole(config["num_embeds_ada_norm"])

    def condition(self, parts: Parts, said: Said) -> dict[str, Tensor]:
        net = self.asked(parts)
        label = whole(net.config["num_embeds_ada_norm"]) if said is None else int(said)
        return {"class_labels": torch.tensor([label], device=net.device)}

    def ask(self, net: Net, x: Tensor, time: Tensor, told: dict[str, Tensor]) -> Tensor:
        return net(x, timestep=time, **told, return_dict=False)[0]


class TextToImage(Network):
    """Words as condition. The library's own pipeline encodes them; it runs nothing else here."""

    text = True
    pipeline = ""

    def encode(self, parts: Parts) -> Encoder:
        import diffusers
        from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

        if "_encoder" not in parts:
            others: Record = {"scheduler": DDPMScheduler(clip_sample=False, steps_offset=1), **self.extra()}
            inside = {slot: parts.get(slot) for slot in self.parts.keys() - others.keys()}
            parts["_encoder"] = getattr(diffusers, self.pipeline)(**inside, **others)
        return cast(Encoder, parts["_encoder"])

    def extra(self) -> Record:
        return {}


class StableDiffusion(TextToImage):
    """A U-Net on latents that attends to words (Rombach et al. 2022, 2112.10752): versions 1 and 2."""

    pipeline = "StableDiffusionPipeline"

    def refuses(self, config: Record) -> str:
        if config.get("in_channels") != config.get("out_channels"):
            return "a text-to-image model: this one also wants a picture (inpainting, depth, …)"
        if config.get("time_cond_proj_dim"):
            return "one without a distilled guidance scale"
        return super().refuses(config)

    def extra(self) -> Record:
        return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}

    def condition(self, parts: Parts, said: Said) -> dict[str, Tensor]:
        helper = self.encode(parts)
        words, _ = helper.encode_prompt(said or "", self.asked(parts).device, 1, False)
        return {"encoder_hidden_states": words}

    def ask(self, net: Net, x: Tensor, time: Tensor, told: dict[str, Tensor]) -> Tensor:
        return net(x, time, **told, return_dict=False)[0]


class StableDiffusionXL(StableDiffusion):
    """Two text encoders, and the picture's size as a condition (Podell et al. 2023, 2307.01952). No words are told as zeros where its config says so."""

    pipeline = "StableDiffusionXLPipeline"

    def extra(self) -> Record:
        return {"add_watermarker": False}

    def condition(self, parts: Parts, said: Said) -> dict[str, Tensor]:
        helper, net = self.encode(parts), self.asked(parts)
        words, _, pooled, _ = helper.encode_prompt(said or "", device=net.device, do_classifier_free_guidance=False)
        if not said and cast(Record, parts["_index"]).get("force_zeros_for_empty_prompt", True):
            words, pooled = torch.zeros_like(words), torch.zeros_like(pooled)
        side = [s * helper.vae_scale_factor for s in self.event(net.config)[1:]]
        sizes = torch.tensor([[*side, 0, 0, *side]], device=net.device, dtype=words.dtype)
        return {"encoder_hidden_states": words, "text_embeds": pooled, "time_ids": sizes}

    def ask(self, net: Net, x: Tensor, time: Tensor, told: dict[str, Tensor]) -> Tensor:
        extra = {k: told[k] for k in ("text_embeds", "time_ids")}
        return net(x, time, encoder_hidden_states=told["encoder_hidden_states"], added_cond_kwargs=extra, return_dict=False)[0]


class StableDiffusion3(TextToImage):
    """A transformer on latents and words, trained by flow matching (Esser et al. 2024, 2403.03206)."""

    pipeline = "StableDiffusion3Pipeline"

    def condition(self, parts: Parts, said: Said) -> dict[str, Tensor]:
        helper = self.encode(parts)
        words, _, pooled, _ = helper.encode_prompt(
            said or "", None, None, device=self.asked(parts).device, do_classifier_free_guidance=False
        )
        return {"encoder_hidden_states": words, "pooled_projections": pooled}

    def ask(self, net: Net, x: Tensor, time: Tensor, told: dict[str, Tensor]) -> Tensor:
        return net(hidden_states=x, timestep=time, **told, return_dict=False)[0]


_unet = {"unet": ("UNet2DModel",)}
_latent = {"vae": VAE}
_pixels = Unconditional("U-Net on pixels", "unet", _unet, half="float32")
_words = {"text_encoder": CLIP, "tokenizer": TOKENIZER}
FAMILIES: dict[str, Network] = {
    "DDPMPipeline": _pixels,
    "DDIMPipeline": _pixels,
    "DiTPipeline": DiT("DiT", "transformer", {"transformer": ("DiTTransformer2DModel", "Transformer2DModel"), **_latent}),
    "StableDiffusionPipeline": StableDiffusion("Stable Diffusion", "unet", {"unet": ("UNet2DConditionModel",), **_latent, **_words}),
    "StableDiffusionXLPipeline": StableDiffusionXL(
        "Stable Diffusion XL",
        "unet",
        {"unet": ("UNet2DConditionModel",), **_latent, **_words, "text_encoder_2": CLIP_PROJECTED, "tokenizer_2": TOKENIZER},
    ),
    "StableDiffusion3Pipeline": StableDiffusion3(
        "Stable Diffusion 3",
        "transformer",
        {
            "transformer": ("SD3Transformer2DModel",),
            **_latent,
            "text_encoder": CLIP_PROJECTED,
            "tokenizer": TOKENIZER,
            "text_encoder_2": CLIP_PROJECTED,
            "tokenizer_2": TOKENIZER,
            "text_encoder_3": T5,
            "tokenizer_3": T5_TOKENIZER,
        },
        optional=("text_encoder_3", "tokenizer_3"),
    ),
}


def family_of(index: Record, data: str) -> tuple[Network, dict[str, tuple[str, str]]]:
    """The family of a pipeline from its model_index.json, and its parts: slot → (library, class). Raises BadValue for what is not known."""
    kind = str(index.get("_class_name", ""))
    family = FAMILIES.get(kind)
    if family is None:
        raise BadValue("data", data, f"a pipeline of one of the kinds {', '.join(FAMILIES)}; this one is {kind or 'none'}")
    found = {}
    for slot, classes in family.parts.items():
        told = index.get(slot)
        library, name = told if isinstance(told, list) and len(told) == 2 else (None, None)
        if name is None and slot in family.optional:
            continue
        wanted = "transformers" if slot.startswith(("text_encoder", "tokenizer")) else "diffusers"
        if name not in classes or library != wanted:
            raise BadValue("data", data, f"a {kind} whose {slot} is {' or '.join(classes)} of {wanted}; this one has {name} of {library}")
        found[slot] = (library, name)
    return family, found
