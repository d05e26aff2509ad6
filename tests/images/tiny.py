"""Tiny pipelines with random weights, in the form in which the hub has them: written by the tests, loaded by the real code."""

from __future__ import annotations

import string
import warnings
from pathlib import Path
from typing import Any

import torch

KINDS = ("ddpm", "ddpm-v", "ddpm-sample", "dit", "sd", "sd-v", "sdxl", "sd3")
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": False}
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of swig's types, when the tokenizers are imported
    import diffusers
    import transformers


def vae(channels: int = 4, **options: Any) -> Any:
    sizes = {"block_out_channels": (4, 8), "layers_per_block": 1, "norm_num_groups": 2, "latent_channels": channels, "sample_size": 16}
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    return diffusers.AutoencoderKL(**sizes, **blocks, **options)


def tokenizer() -> Any:
    letters = [c + end for c in string.ascii_lowercase + string.digits + ",." for end in ("", "</w>")]
    words = ["<|startoftext|>", "<|endoftext|>", *letters]
    return transformers.CLIPTokenizer(vocab={w: i for i, w in enumerate(words)}, merges=[], model_max_length=12)


def text_encoder(width: int = 16, projected: bool = False) -> Any:
    sizes = {"hidden_size": width, "intermediate_size": 20, "num_attention_heads": 2, "num_hidden_layers": 2, "projection_dim": width}
    config = transformers.CLIPTextConfig(vocab_size=80, max_position_embeddings=12, bos_token_id=0, eos_token_id=1, pad_token_id=1, **sizes)
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)


def unet(cross: int, **options: Any) -> Any:
    sizes = {"sample_size": 8, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4}
    down, up = ("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")
    return diffusers.UNet2DConditionModel(**sizes, down_block_types=down, up_block_types=up, cross_attention_dim=cross, **options)


def ddpm(kind: str, size: int = 8) -> Any:
    sizes = {"sample_size": size, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 4}
    net = diffusers.UNet2DModel(**sizes, down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))
    told = {"ddpm": "epsilon", "ddpm-v": "v_prediction", "ddpm-sample": "sample"}[kind]
    return diffusers.DDPMPipeline(net, diffusers.DDPMScheduler(prediction_type=told, clip_sample=False))


def dit() -> Any:
    sizes = {"num_attention_heads": 2, "attention_head_dim": 8, "in_channels": 4, "out_channels": 8, "num_layers": 2, "patch_size": 2}
    net = diffusers.DiTTransformer2DModel(**sizes, sample_size=8, num_embeds_ada_norm=3, norm_num_groups=2)
    schedule = diffusers.DDIMScheduler(clip_sample=False)
    return diffusers.DiTPipeline(net, vae(), schedule, id2label={0: "tench", 1: "cat, kitten", 2: "hay"})


def sd(kind: str) -> Any:
    told = "v_prediction" if kind == "sd-v" else "epsilon"
    schedule = diffusers.DDIMScheduler(**BETAS, prediction_type=told, set_alpha_to_one=False, steps_offset=1)
    parts = {"vae": vae(), "text_encoder": text_encoder(), "tokenizer": tokenizer(), "unet": unet(16), "scheduler": schedule}
    return diffusers.StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def sdxl() -> Any:
    extra = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4, "projection_class_embeddings_input_dim": 4 * 6 + 16}
    net = unet(32, **extra, transformer_layers_per_block=(1, 2), use_linear_projection=True)
    texts = {
        "text_encoder": text_encoder(),
        "text_encoder_2": text_encoder(projected=True),
        "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer(),
    }
    return diffusers.StableDiffusionXLPipeline(
        vae=vae(),
        unet=net,
        scheduler=diffusers.EulerDiscreteScheduler(
            **{**BETAS, "clip_sample": None} and {k: v for k, v in BETAS.items() if k != "clip_sample"}
        ),
        **texts,
    )


def sd3() -> Any:
    sizes = {
        "sample_size": 8,
        "patch_size": 2,
        "in_channels": 4,
        "out_channels": 4,
        "num_layers": 1,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
    }
    net = diffusers.SD3Transformer2DModel(
        **sizes, joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=32, pos_embed_max_size=8
    )
    texts = {"text_encoder": text_encoder(projected=True), "text_encoder_2": text_encoder(projected=True), "text_encoder_3": None}
    words = {"tokenizer": tokenizer(), "tokenizer_2": tokenizer(), "tokenizer_3": None}
    code = vae(use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06, scaling_factor=1.5)
    return diffusers.StableDiffusion3Pipeline(
        transformer=net, vae=code, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0), **texts, **words
    )


def pipeline(kind: str) -> Any:
    """A pipeline of a kind, the same at every call. Its weights are large enough that what it says depends on all that it is told."""
    torch.manual_seed(4)
    made = (
        ddpm(kind)
        if kind.startswith("ddpm")
        else dit()
        if kind == "dit"
        else sdxl()
        if kind == "sdxl"
        else sd3()
        if kind == "sd3"
        else sd(kind)
    )
    for part in made.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval().requires_grad_(False)
    made.set_progress_bar_config(disable=True)
    return made


def save(kind: str, folder: Path) -> Path:
    pipeline(kind).save_pretrained(folder, safe_serialization=True)
    return folder
