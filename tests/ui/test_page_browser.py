"""The page in a real browser: every kind of control changes address and picture, links restore, phones have their drawer."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def drag(site: Any, selector: str, start: float, end: float) -> None:
    box = site.page.locator(selector).bounding_box()
    y = box["y"] + box["height"] / 2
    site.page.mouse.move(box["x"] + start * box["width"], y)
    site.page.mouse.down()
    for i in range(1, 21):
        site.page.mouse.move(box["x"] + (start + (end - start) * i / 20) * box["width"], y)
    site.page.mouse.up()


def test_first_picture_needs_one_run_and_nobody_else(visit: Any) -> None:
    site = visit()
    assert site.page.title() == "Diffusion Playground"
    assert site.runs() == 1
    assert site.query() == {}
    assert site.foreign() == []
    assert site.problems == []
    assert sum("layer=fields" in r for r in site.requests) == 1
    assert sum("layer=metrics" in r for r in site.requests) == 1
    assert site.page.evaluate("document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth")


def test_every_kind_of_control_changes_address_and_picture(visit: Any) -> None:
    site = visit()
    page, seen, query = site.page, [site.stage()], {}

    def changed(**expected: str) -> None:
        query.update({k.replace("__", "."): v for k, v in expected.items()})
        site.until(query)
        picture = site.stage()
        assert picture != seen[-1]
        seen.append(picture)

    page.locator("#pg-data [data-key=rings]").click()  # a tile
    changed(data="rings")
    page.locator("#pg-process [data-key=SubVP]").click()  # a pill
    changed(process="SubVP", grid="Subsequence")  # with the grid that suits it
    page.locator("#pg-sampler .pg-combo").click()  # a menu
    page.locator(".pg-option[data-key=DDIM]").click()
    changed(sampler="DDIM")
    before = site.runs()
    drag(site, "#pg-sampler-DDIM-eta input[type=range]", 0.1, 0.9)  # a slider by mouse
    page.wait_for_function("__pg.settled && +new URLSearchParams(location.search).get('sampler.eta') > 0.6")
    assert site.runs() - before <= 22  # at most one for each move
    eta = float(site.query()["sampler.eta"])
    changed(sampler__eta=f"{eta:g}")
    page.locator("#pg-sampler-DDIM-eta input[type=range]").press("ArrowLeft")  # and by keyboard
    changed(sampler__eta=f"{eta - 0.05:g}")
    page.locator("#pg-grid-steps-row input[type=range]").press("ArrowLeft")  # the logarithmic rail
    changed(grid__steps="19")
    page.locator("#pg-particles input[type=number]").fill("700")  # a number
    changed(particles="700")
    page.locator("#pg-grid-denoise input").click()  # a checkbox
    changed(grid__denoise="false")
    page.locator("#pg-start label[data-testid=exact-radio-label]").click()  # a switch
    changed(start="exact")
    page.locator("#pg-dice").click()
    page.wait_for_function("new URLSearchParams(location.search).has('seed')")
    changed(seed=site.query()["seed"])
    assert site.problems == []


def test_what_is_shown_of_the_form_follows_the_choice(visit: Any) -> None:
    site = visit("?sampler=DDIM")
    assert site.page.locator("#pg-sampler-DDIM-eta").is_visible()
    assert not site.page.locator("#pg-sampler-DDPM-variance").is_visible()
    before = [r for r in site.requests if "gradio_api" in r]
    site.page.locator("#pg-process [data-key=Flow]").click()
    site.until({"process": "Flow", "sampler": "DDIM", "grid": "Subsequence"})
    assert not site.page.locator("#pg-schedule").is_visible()
    assert [r for r in site.requests if "gradio_api" in r] == before  # the client alone


def test_after_images_the_toys_take_every_choice_again(visit: Any) -> None:
    """What the page chooses and a component says already is not waited for. Mutant: the hand's next choice is taken for older news."""
    site = visit()
    page = site.page
    page.locator("nav a[data-page=images]").click()
    site.until({"data": "mnist", "particles": "16", "guidance": "EachClass"})
    page.locator("nav a[data-page=toys]").click()
    site.until({})
    page.locator("#pg-start label[data-testid=exact-radio-label]").click()
    site.until({"start": "exact"})
    page.locator(".pg-direction .pg-forward").click()
    site.until({"start": "exact", "mode": "forward"})
    assert site.problems == []


def test_keyboard_drives_pickers(visit: Any) -> None:
    site = visit()
    page = site.page
    page.locator("#pg-process [aria-checked=true]").focus()
    page.keyboard.press("ArrowRight")
    site.until({"process": "SubVP", "grid": "Subsequence"})
    page.keyboard.press("Home")
    site.until({})
    page.locator("#pg-sampler .pg-combo").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("heun")  # search, or type ahead in a short list
    page.keyboard.press("Enter")
    site.until({"sampler": "Heun"})
    page.keyboard.press("ArrowDown")
    assert page.locator(".pg-pop").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".pg-pop").count() == 0
    assert page.evaluate("document.activeElement.className") == "pg-combo"
    assert page.locator("#pg-data [role=radio][tabindex='0']").count() == 1


def test_what_does_not_fit_is_shown_with_its_reason_and_gives_way(visit: Any) -> None:
    site = visit()
    page = site.page
    page.locator("#pg-sampler .pg-combo").click()
    option = page.locator(".pg-option[data-key=SSCS]")
    option.hover()
    assert option.get_attribute("aria-disabled") == "true"
    assert "velocity" in option.inner_text()
    option.click(force=True)
    assert page.evaluate("__pg.query()") == {}
    page.keyboard.press("Escape")
    page.locator("#pg-process [data-key=CLD]").click()
    site.until({"process": "CLD"})  # a link that says no more gets the same sampler and grid
    assert "SSCS" in site.notice()
    assert page.evaluate("[__pg.query().sampler, document.querySelector('#pg-sampler .pg-shown').textContent]") == [None, "SSCS"]
    assert site.page.locator("#pg-schedule .pg-shown").inner_text() == "constant β"
    page.locator("#pg-process [data-key=VP]").click()
    site.until({})  # what had given way is back
    assert site.problems == []


def test_back_forward_and_reload_restore(visit: Any) -> None:
    site = visit("?seed=5")
    page = site.page
    page.locator("#pg-data [data-key=pinwheel]").click()
    site.until({"seed": "5", "data": "pinwheel"})
    page.locator("#pg-particles input").fill("900")
    site.until({"seed": "5", "data": "pinwheel", "particles": "900"})
    page.go_back()
    site.until({"seed": "5", "data": "pinwheel"})
    assert page.locator("#pg-particles input[type=number]").input_value() == "2000"
    page.go_back()
    site.until({"seed": "5"})
    assert page.locator("#pg-data [aria-checked=true]").get_attribute("data-key") == "moons"
    page.go_forward()
    site.until({"seed": "5", "data": "pinwheel"})
    page.go_forward()
    site.until({"seed": "5", "data": "pinwheel", "particles": "900"})
    before, picture = page.evaluate("__pg.query()"), site.stage()
    page.reload()
    site.ready()
    assert page.evaluate("__pg.query()") == before == {"seed": "5", "data": "pinwheel", "particles": "900"}
    assert page.locator("#pg-seed input").input_value() == "5"
    assert site.stage() == picture
    assert site.problems == []


def test_a_link_with_values_between_the_slider_steps_is_exact(visit: Any) -> None:
    query = {
        "process": "VP",
        "process.schedule": "LinearBeta",
        "process.schedule.beta_max": "17.123",
        "sampler": "DDIM",
        "sampler.eta": "0.377",
    }
    site = visit("?" + "&".join(f"{k}={v}" for k, v in query.items()))
    assert site.page.evaluate("__pg.query()") == query
    assert site.runs() == 1


def test_a_spec_within_a_spec(visit: Any) -> None:
    query = {"sampler": "PredictorCorrector", "sampler.predictor": "DDIM", "sampler.predictor.eta": "0.25", "sampler.snr": "0.2"}
    site = visit("?" + "&".join(f"{k}={v}" for k, v in query.items()))
    page, eta = site.page, "#pg-sampler-PredictorCorrector-predictor-DDIM-eta"
    assert page.evaluate("__pg.query()") == query
    assert page.locator(f"{eta} input[type=number]").input_value() == "0.25"
    page.locator(f"{eta} input[type=range]").press("ArrowRight")
    site.until({**query, "sampler.predictor.eta": "0.3"})
    page.locator("#pg-sampler-PredictorCorrector-predictor .pg-combo").click()
    page.locator(".pg-option[data-key=Heun]").click()
    site.until({"sampler": "PredictorCorrector", "sampler.predictor": "Heun", "sampler.snr": "0.2"})
    assert not page.locator(eta).is_visible()
    page.go_back()
    site.until({**query, "sampler.predictor.eta": "0.3"})
    assert page.locator(f"{eta} input[type=number]").input_value() == "0.3"
    page.locator("[data-do=python]").click()
    page.wait_for_function("__pg.copied")
    assert "predictor=pg.DDIM(eta=0.3)" in page.evaluate("__pg.copied")
    assert site.problems == []


def test_a_schedule_within_a_schedule_survives_a_change_of_process(visit: Any) -> None:
    schedule = {"process.schedule": "ZeroTerminalSNR", "process.schedule.base": "Cosine", "process.schedule.base.offset": "0.02"}
    query = {"process": "VP", **schedule}
    site = visit("?" + "&".join(f"{k}={v}" for k, v in query.items()))
    assert site.page.evaluate("__pg.query()") == query
    assert site.page.locator("#pg-schedule-ZeroTerminalSNR-base-Cosine-offset").is_visible()
    site.page.locator("#pg-process [data-key=SubVP]").click()
    site.until({**query, "process": "SubVP", "grid": "Subsequence"})
    assert site.problems == []


def test_data_and_process_that_refuse_each_other_cannot_be_chosen(visit: Any) -> None:
    site = visit("?process=Interpolant&process.origin=rings")
    page = site.page
    tile, pill = page.locator("#pg-data [data-key=two_modes]"), page.locator("#pg-process [data-key=Anisotropic]")
    assert tile.get_attribute("aria-disabled") == "true"
    assert "rings, is in 2D" in tile.get_attribute("data-tip")
    tile.click(force=True)
    page.locator("#pg-process-Interpolant-origin .pg-combo").click()
    assert page.locator(".pg-option[data-key=two_modes]").get_attribute("aria-disabled") == "true"  # in 1D, the data in 2D
    page.locator(".pg-option[data-key=gaussian]").click()
    site.until({"process": "Interpolant"})
    assert tile.get_attribute("aria-disabled") == "false"
    assert pill.get_attribute("aria-disabled") == "false"
    tile.click()
    site.until({"process": "Interpolant", "data": "two_modes"})
    assert pill.get_attribute("aria-disabled") == "true"
    assert "2D data" in pill.get_attribute("data-tip")
    pill.click(force=True)
    assert page.evaluate("__pg.query().process") == "Interpolant"
    page.locator("#pg-data [data-key=swiss_roll]").click()
    site.until({"process": "Interpolant", "data": "swiss_roll"})
    pill.click()
    site.until({"process": "Anisotropic", "data": "swiss_roll"})
    assert tile.get_attribute("aria-disabled") == "true"
    assert site.problems == []


def test_a_link_restores_the_view(visit: Any) -> None:
    site = visit("?view.at=0.3&view.layers=particles,contours,x0&view.color=class")
    page = site.page
    assert page.evaluate("[__pgStage.cursor, __pgStage.layers.join(), __pgStage.colour]") == [0.3, "particles,contours,x0", "class"]
    assert any("layer=fields&want=density&" in r for r in site.requests)  # contours are drawn from the density
    page.wait_for_function("/step (8|9|10) of 20/.test(document.querySelector('#pg-panel').textContent)")  # the panel's cursor too
    assert site.query() == {}


def test_a_broken_link_says_what_is_wrong(visit: Any) -> None:
    site = visit("?sampler=DDIM&sampler.eta=7&seed=4")
    notice = site.notice()
    assert "sampler.eta" in notice
    assert "'7'" in notice
    assert "0 to 1" in notice
    assert site.query() == {"sampler": "DDIM", "seed": "4"}


def test_a_bad_number_keeps_the_picture_and_makes_no_link(visit: Any) -> None:
    """It is not asked for at all: the box says what is allowed."""
    site = visit()
    box = site.page.locator("#pg-particles input[type=number]")
    box.fill("999999")
    site.settle()
    assert box.get_attribute("aria-invalid") == "true"
    assert "1 to 200,000" in site.page.locator(".pg-said").inner_text()
    assert site.query() == {}
    assert site.page.evaluate("__pg.painted") == 1
    assert site.runs() == 1
    box.fill("500")
    site.until({"particles": "500"})
    assert box.get_attribute("aria-invalid") is None
    assert site.notice() == ""


def test_no_answer_offers_another_try(visit: Any) -> None:
    site = visit()
    site.page.route("**/live/packet*", lambda route: route.abort())
    site.page.locator("#pg-data [data-key=cross]").click()
    site.page.wait_for_function("__pg.errors.length > 0")
    assert "does not answer" in site.notice()
    site.page.unroute("**/live/packet*")
    site.page.locator("#pg-stage .pg-toast button", has_text="Try again").click()
    site.until({"data": "cross"})
    assert site.notice() == ""


def test_a_lab_that_cannot_be_had_says_so(visit: Any) -> None:
    """Mutants: one that was closed before it came tells its error, or is mounted; one that failed stays empty for ever."""
    site = visit()
    page, held = site.page, []
    page.route("**/ui/labs/errors/lab.js", lambda route: held.append(route))
    page.locator("#pg-tab-errors").click()
    page.locator("#pg-tab-curves").click()
    page.wait_for_timeout(100)
    held.pop().abort()
    page.wait_for_function("!__pg.form.parts.labs.loading")
    assert site.notice() == ""
    assert page.evaluate("__pg.errors") == []
    page.unroute("**/ui/labs/errors/lab.js")
    page.route("**/ui/labs/phase/lab.js", lambda route: route.abort())
    page.evaluate("__pg.form.parts.labs.open('phase')")  # whatever the run has for it
    page.locator("#pg-process [data-key=CLD]").click()
    page.wait_for_function("__pg.errors.some((words) => words.startsWith('phase.script'))")
    page.locator("#pg-tab-phase").click()  # once more
    page.wait_for_function("document.querySelector('#pg-stage .pg-toast').innerText.includes('could not be loaded')")
    page.unroute("**/ui/labs/phase/lab.js")
    site.settle()
    page.locator("#pg-stage .pg-toast button", has_text="Load anew").click()
    page.wait_for_function("document.querySelector('#pg-lab-phase')?.childElementCount && __pg.settled")
    assert site.query()["process"] == "CLD"


def test_a_lab_that_fails_to_open_is_tried_again(visit: Any) -> None:
    site = visit()
    page = site.page
    lab = "export default { mount(root) { if (!window.tries) { window.tries = 1; throw new Error('not yet'); } root.textContent = 'here'; return {}; } };"
    page.route("**/ui/labs/errors/lab.js", lambda route: route.fulfill(body=lab, content_type="text/javascript"))
    page.locator("#pg-tab-errors").click()
    page.wait_for_function("document.querySelector('#pg-stage .pg-toast').innerText.includes('could not be opened')")
    page.locator("#pg-stage .pg-toast button", has_text="Try again").click()
    page.wait_for_function("document.querySelector('#pg-lab-errors').textContent === 'here'")
    assert page.evaluate("__pg.errors") == ["errors.mount: not yet"]


def test_a_set_is_forgotten_where_there_is_none_and_not_where_nobody_answers(visit: Any) -> None:
    site = visit()
    page = site.page
    page.evaluate("localStorage.setItem('pg-sets', '[\"set:00000000\"]')")
    page.route("**/live/sets?*", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>", content_type="text/html"))
    with page.expect_response("**/live/sets?*"):
        page.reload()
    site.ready()
    assert page.evaluate("localStorage.getItem('pg-sets')") == '["set:00000000"]'
    page.unroute("**/live/sets?*")
    page.reload()
    site.ready()
    page.wait_for_function("localStorage.getItem('pg-sets') === '[]'")


def test_what_the_stage_says_is_a_notice_like_any_other(visit: Any) -> None:
    """Mutants: words that never go by themselves; a notice that goes takes with it what the run says of itself; a picture that fails says nothing."""
    site = visit()
    page = site.page
    page.evaluate("__pgStage.setPin('nowhere,1')")
    assert "view.pin = nowhere,1 cannot be used" in site.notice()
    assert page.evaluate("__pg.notice") in site.notice()
    page.evaluate("__pgStage.frame.showDivergence({ header: { diverged: { step: 3, message: 'It has left the plot.' } } })")
    page.evaluate("__pg.form.notices.clear()")  # as its timer does
    assert "It has left the plot." in site.notice()
    page.evaluate("() => { __pgStage.toBlob = () => Promise.reject(new Error('the picture is too large')); }")
    page.locator("[data-do=menu]", has_text="Export").click()
    page.locator("[data-do=png]").click()
    assert "could not be saved: the picture is too large" in site.notice()
    assert site.problems == []


def test_without_the_route_packets_come_through_gradio(visit: Any) -> None:
    site = visit()
    site.page.route("**/live/packet*", lambda route: route.fulfill(status=404, body="{}", content_type="application/json"))
    before = site.stage()
    site.page.locator("#pg-data [data-key=cross]").click()
    site.until({"data": "cross"})
    assert site.stage() != before
    assert site.notice() == ""


def test_copy_and_theme(visit: Any) -> None:
    site = visit("?data=rings", color_scheme="dark")
    page = site.page
    assert page.evaluate("document.body.classList.contains('dark')")
    page.locator("[data-do=python]").click()
    page.wait_for_function("__pg.copied")
    assert "data='rings'" in page.evaluate("__pg.copied")
    page.locator("[data-do=link]").click()
    page.wait_for_function("__pg.copied.startsWith('http')")
    assert page.evaluate("__pg.copied").startswith(site.url + "?data=rings")
    page.locator("[data-do=theme]").click()
    assert not page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    site.ready()
    assert not page.evaluate("document.body.classList.contains('dark')")
    assert site.problems == []


def test_exports(visit: Any) -> None:
    site = visit("?particles=200&grid=UniformLogSNR&grid.steps=5")
    for kind, head in (("png", b"\x89PNG"), ("csv", b""), ("gif", b"GIF8"), ("mp4", b"\0\0\0")):
        site.page.locator("[data-do=menu]", has_text="Export").click()
        with site.page.expect_download(timeout=60_000) as download:
            site.page.locator(f"[data-do={kind}]").click()
        with open(download.value.path(), "rb") as file:
            assert file.read(4).startswith(head)
        assert download.value.suggested_filename == f"moons-VP-DPMSolverPP2M-5.{kind}"
    assert site.problems == []


def test_a_film_holds_what_the_stage_holds(visit: Any) -> None:
    """Exact ancestral, four steps: at most five pictures, 1920 × 1080, each of them still until the next; and the theme of the page."""
    av = pytest.importorskip("av")
    site = visit("?particles=200&sampler=ExactAncestral&grid.steps=4&view.layers=particles,density&__theme=dark")
    site.page.locator("[data-do=menu]", has_text="Export").click()
    with site.page.expect_download(timeout=120_000) as download:
        site.page.locator("[data-do=mp4]").click()
    with av.open(str(download.value.path())) as file:
        frames = [f.to_ndarray(format="gray") for f in file.decode(video=0)]
    assert frames[0].shape == (1080, 1920)
    assert frames[0][:20].mean() < 40  # dark
    changes = [i for i in range(1, len(frames)) if abs(frames[i].astype(int) - frames[i - 1]).mean() > 0.4]
    assert 2 <= len(changes) <= 4
    assert len(frames) > 100
    assert site.problems == []


def test_curves_are_saved_with_title_legend_and_axes(visit: Any) -> None:
    site = visit("?sampler=DDPM&grid.steps=6&seed=4")
    site.page.wait_for_function("document.querySelector('.pg-curve-distance .modebar-btn')")
    for name, words in (
        ("distance", ["particles", "floor", "sliced W₂"]),
        ("snr", ["log-SNR", "step"]),
        ("schedule", ["coefficient", "α"]),
    ):
        with site.page.expect_download() as download:
            button = f"document.querySelector('.pg-curve-{name} .modebar-btn[data-title^=\"Save\"]')"
            site.page.evaluate(f"{button}.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))")
        assert download.value.suggested_filename == f"moons-VP-DDPM-6-seed4-{name}.svg"
        with open(download.value.path(), encoding="utf-8") as file:
            svg = file.read()
        for word in [*words, "two moons · VP · DDPM ancestral, 6 steps · seed 4", "noise on the left"]:
            assert word in svg
    assert "Saved" in site.notice()
    assert site.page.locator(".plotly-notifier").count() == 0


def test_phone_has_the_stage_first_and_a_drawer(visit: Any) -> None:
    site = visit(width=390, height=844, has_touch=True)
    page = site.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator("#pg-left").is_visible()
    assert page.locator("#pg-stage").bounding_box()["y"] < 110
    page.locator("[data-do=drawer]").click()
    page.locator("#pg-data [data-key=rings]").click()
    site.settle()
    stage, sheet = page.locator("#pg-stage").bounding_box(), page.locator("#pg-left").bounding_box()
    assert sheet["y"] > stage["y"] + 0.8 * stage["height"]  # the stage stays in sight while one chooses
    assert site.query() == {"data": "rings"}
    assert "rings" in page.locator(".pg-chips").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_function("getComputedStyle(document.querySelector('#pg-left')).visibility === 'hidden'")
    assert site.problems == []


@pytest.mark.parametrize(
    ("process", "scale", "own"),
    [("EDM", "sigma", "f.t"), ("Flow", "flow", "f.t"), ("VP", "ddpm", "Math.round(1000 * f.t - 1)")],
)
def test_each_papers_time_is_its_process_own(visit: Any, process: str, scale: str, own: str) -> None:
    site = visit(f"?process={process}&view.at=0.4&view.time={scale}")
    page = site.page
    said = page.evaluate(
        f"""() => [0.9, 0.6, 0.3].map((c) => {{
          const f = __pgStage.run.facts(c);
          return [Number(__pg.time.words(f).text), {own}];
        }})"""
    )
    for shown, exact in said:
        assert shown == pytest.approx(exact, rel=0.02, abs=1.0 if scale == "ddpm" else 0.006)
    symbol = {"sigma": "σ", "flow": "τ", "ddpm": "n"}[scale]
    assert page.locator(".pg-scale").input_value() == scale
    page.wait_for_function(
        f"() => document.querySelector('.pg-curve-snr .xtick')?.textContent?.startsWith('{symbol} = ')"
    )  # drawn by Plotly later
    page.locator(".pg-scale").select_option("t")
    page.wait_for_function("() => !location.search.includes('view.time')")
    assert site.problems == []


def test_a_changed_address_fetches_no_page(visit: Any) -> None:
    """Nor anything else but numbers. Mutant killed: Plotly's clips, named by the address that was."""
    site = visit("?grid=UniformLogSNR&grid.steps=9")
    site.page.wait_for_function("document.querySelector('.pg-curve-plotly [clip-path]')")
    assert site.page.evaluate("[...document.querySelectorAll('[clip-path]')].every((e) => e.getAttribute('clip-path').startsWith('url(#'))")
    before = len(site.requests)
    for seed in ("3", "4"):
        site.page.locator("#pg-seed input[type=number]").fill(seed)
        site.until({"grid": "UniformLogSNR", "grid.steps": "9", "seed": seed})
        site.page.wait_for_timeout(300)
    assert len(site.requests) > before
    assert [
        r for r in site.requests[before:] if "/live/packet?" not in r and "favicon" not in r
    ] == []  # what a browser likes to ask for again


def test_a_network_s_error_is_drawn_beside_the_exact_score(visit: Any) -> None:
    """The example: orange arrows with a network, gone with the exact model. Mutant killed: layers of a network that are offered, or stay, without one."""
    site = visit("?model=moons-mlp&view.layers=density,difference&view.at=0.1051")
    page = site.page
    orange = """() => { const c = document.querySelector('#pg-stage canvas.pg-canvas'), { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height); let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i] > 190 && data[i + 1] > 70 && data[i + 1] < 150 && data[i + 2] < 90; return n; }"""
    chip = page.locator(".pg-legend [data-layer=difference]")
    assert chip.get_attribute("aria-pressed") == "true"
    page.wait_for_function(f"({orange})() > 200")
    chip.click()
    site.settle()
    assert page.evaluate(orange) < 20
    chip.click()
    page.wait_for_function(f"({orange})() > 200")
    page.locator("#pg-model [data-key=exact]:visible").click()
    site.settle()
    page.wait_for_function(f"({orange})() < 20")
    assert chip.is_hidden()
    assert page.locator(".pg-legend [data-layer=learned]").is_hidden()
    assert site.problems == []
